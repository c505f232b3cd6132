/**
 * Every read of a socket comes in a new buffer outside the JavaScript heap. Left to the garbage collector, they make it look
 * through the whole heap after every few megabytes, which costs more processor time than to relay them. So a read is lent:
 * unless somebody keeps a part of it, its memory is given back when everybody has seen it.
 */
let lent: ArrayBuffer | undefined;

/** Below it, giving memory back costs more than it spares. */
const LEAST_BYTES = 4 * 1024;

/** What is done until `takeBack` is done with a read, `chunk`. */
export function lend({ buffer, byteLength }: Uint8Array): void {
  const isWhole = byteLength >= LEAST_BYTES && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  lent = isWhole ? buffer : undefined;
}

/** Somebody keeps `chunk`, and the read with it if it is a part of that. */
export function keepLent(chunk: Uint8Array): void {
  if (chunk.buffer === lent) lent = undefined;
}

/** Nobody looks at the read any more: its memory is free, unless it was kept. */
export function takeBack(): void {
  lent?.transfer(0);
  lent = undefined;
}
