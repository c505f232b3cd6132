/**
 * Where reads of sockets to servers arrive, one after the other. A buffer of its own for each would cost more than to relay
 * what it holds: kube-apiserver sends a list in records of 4 KiB, and every buffer outside the JavaScript heap has to be
 * found again by the garbage collector. TLS hands out at most 16 KiB at a time.
 */
export const READ_BUFFER = Buffer.allocUnsafeSlow(16 * 1024);

/** `chunk`, or a copy where the next read would write over it. */
export function lasting(chunk: Uint8Array): Uint8Array {
  return chunk.buffer === READ_BUFFER.buffer ? new Uint8Array(chunk) : chunk;
}
