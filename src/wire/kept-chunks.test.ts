import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keepChunk } from './kept-chunks.ts';

const SOCKET_READ = 65_536;

/** Bytes of all memory that `chunks` hold. */
function held(chunks: readonly Uint8Array[]): number {
  return [...new Set(chunks.map(({ buffer }) => buffer))].reduce((bytes, { byteLength }) => bytes + byteLength, 0);
}

function keepAll(chunks: readonly Uint8Array[]): Uint8Array[] {
  const kept: Uint8Array[] = [];
  for (const chunk of chunks) keepChunk(kept, chunk);
  return kept;
}

test('a small part of a read does not hold the rest of it', () => {
  const kept = keepAll([Buffer.alloc(SOCKET_READ).subarray(100, 2_100), Buffer.from('small ones are pooled')]);
  assert.ok(held(kept) < 2_200, `${held(kept)} bytes are held`);
});

test('most of a read is kept as it is', () => {
  const chunk = new Uint8Array(SOCKET_READ).subarray(9);
  assert.equal(keepAll([chunk])[0], chunk);
});

test('many tiny chunks are few', () => {
  const read = Buffer.alloc(SOCKET_READ, 'x');
  const kept = keepAll(Array.from({ length: 10_000 }, (_, i) => read.subarray(i, i + 1)));
  assert.ok(kept.length <= 10, `${kept.length} chunks`);
  assert.ok(held(kept) <= 10_000);
});

test('what is kept are the bytes in their order, in little more memory than they are', () => {
  const read = Buffer.from(Array.from({ length: 4_000 }, (_, i) => i % 251));
  const parts = fc.array(fc.tuple(fc.nat(3_000), fc.nat(1_000)), { maxLength: 20 });
  fc.assert(
    fc.property(parts, (places) => {
      const chunks = places.map(([start, length]) => read.subarray(start, start + length));
      const kept = keepAll(chunks);
      assert.deepEqual(Buffer.concat(kept), Buffer.concat(chunks));
      assert.ok(kept.length <= 2 + Buffer.concat(chunks).length / 512);
    }),
  );
});
