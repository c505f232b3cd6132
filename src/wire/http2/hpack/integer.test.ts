import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HpackError } from './hpack-error.ts';
import { MAX_INTEGER_LENGTH, readInteger, writeInteger } from './integer.ts';

function read(octets: readonly number[], mask: number, end = octets.length): { value: number; position: number } {
  const cursor = { bytes: Buffer.from(octets), position: 0, end };
  const value = readInteger(cursor, mask);
  return { value, position: cursor.position };
}

test('what is written is read, whatever the prefix and the bits beside it', () => {
  const masks = fc.constantFrom(0x0f, 0x1f, 0x3f, 0x7f);
  fc.assert(
    fc.property(masks, fc.nat(2 ** 28 - 1), fc.nat(255), (mask, value, beside) => {
      const bytes = Buffer.alloc(MAX_INTEGER_LENGTH);
      const end = writeInteger(bytes, 0, beside & ~mask, mask, value);
      assert.deepEqual(read([...bytes], mask), { value, position: end });
      assert.equal((bytes[0] ?? 0) & ~mask, beside & ~mask & 0xff);
    }),
  );
});

test('a prefix full of ones is followed by the rest, be it 0', () => {
  assert.deepEqual(read([0x1e, 0xff], 0x1f), { value: 30, position: 1 });
  assert.deepEqual(read([0x1f, 0x00], 0x1f), { value: 31, position: 2 });
  assert.deepEqual(read([0x1f, 0x80, 0x01], 0x1f), { value: 159, position: 3 });
});

test('leading zeros are accepted within four octets', () => {
  assert.deepEqual(read([0x7f, 0x81, 0x80, 0x80, 0x00], 0x7f), { value: 128, position: 5 });
  assert.throws(() => read([0x7f, 0x81, 0x80, 0x80, 0x80, 0x00], 0x7f), HpackError);
});

test('an integer beyond 28 bits, or without end, is an error', () => {
  assert.deepEqual(read([0x7f, 0xff, 0xff, 0xff, 0x7f], 0x7f), { value: 127 + 2 ** 28 - 1, position: 5 });
  assert.throws(() => read([0x7f, 0x80, 0x80, 0x80, 0x80, 0x01], 0x7f), HpackError);
  assert.throws(() => read([0x7f, ...new Array(10_000).fill(0xff)], 0x7f), HpackError);
});

test('an integer that goes beyond the block is an error', () => {
  assert.throws(() => read([0x7f], 0x7f), HpackError);
  assert.throws(() => read([0x7f, 0x80], 0x7f), HpackError);
  assert.throws(() => read([0x7f, 0x80, 0x01], 0x7f, 2), HpackError);
});
