/** Up to so many bytes share one chunk: thousands of chunks of one byte would take far more memory than they hold. */
const SHARED_BYTES = 1_024;

/**
 * Adds `chunk` to chunks that are kept for a while, so that they take hardly more memory than they have bytes. A chunk is
 * mostly a part of what one read from a socket gave, all of which stays in memory with it: a small part is copied.
 */
export function keepChunk(kept: Uint8Array[], chunk: Uint8Array): void {
  const last = kept.at(-1);
  if (last !== undefined && last.byteLength + chunk.byteLength <= SHARED_BYTES) {
    const both = new Uint8Array(last.byteLength + chunk.byteLength);
    both.set(last);
    both.set(chunk, last.byteLength);
    kept[kept.length - 1] = both;
    return;
  }
  // Not a Buffer: those that are small share their memory, too.
  kept.push(chunk.byteLength * 2 < chunk.buffer.byteLength ? new Uint8Array(chunk) : chunk);
}
