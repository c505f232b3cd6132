import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepLent, lend, takeBack } from './lent-memory.ts';

/** A read as it comes from a socket: alone in its memory. */
function read(bytes: number): Buffer {
  return Buffer.from(new ArrayBuffer(bytes)).fill('x');
}

test('the memory of a read is given back when nobody keeps a part of it', () => {
  const chunk = read(16_384);
  lend(chunk);
  takeBack();
  assert.equal(chunk.byteLength, 0);
});

test('a read of which a part is kept stays, whoever else was done with it', () => {
  const chunk = read(16_384);
  lend(chunk);
  const part = chunk.subarray(100, 200);
  keepLent(part);
  takeBack();
  assert.equal(part.toString(), 'x'.repeat(100));
});

test('keeping what is no part of the read changes nothing', () => {
  const chunk = read(16_384);
  const other = read(16_384);
  lend(chunk);
  keepLent(other);
  takeBack();
  assert.deepEqual([chunk.byteLength, other.byteLength], [0, 16_384]);
});

test('memory that is shared, or hardly worth it, is left alone', () => {
  const small = read(100);
  const shared = read(16_384).subarray(0, 8_192);
  for (const chunk of [small, shared]) {
    const { byteLength } = chunk;
    lend(chunk);
    takeBack();
    assert.equal(chunk.byteLength, byteLength);
  }
});
