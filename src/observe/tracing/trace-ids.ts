import { randomFillSync } from 'node:crypto';

/** Asking for many random bytes at a time costs a tenth of asking for each id. */
const pool = Buffer.alloc(4096);
let used = pool.length;

/** A random id of that many bytes, in lower-case hexadecimal digits, never all zero. */
function randomId(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.toString('hex', used, used + bytes);
  used += bytes;
  return /[^0]/.test(id) ? id : randomId(bytes);
}

export function newTraceId(): string {
  return randomId(16);
}

export function newSpanId(): string {
  return randomId(8);
}
