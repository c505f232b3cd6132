import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isUnsafe, lowerNames, sendableTrailers } from './raw-fields.ts';

test('names are lowered, values are left alone', () => {
  assert.deepEqual(lowerNames(['X-A', 'V', 'x-a', 'W']), ['x-a', 'V', 'x-a', 'W']);
});

test('a safe value is one line of octets after Node has written it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const octets = Buffer.from(value, 'latin1');
      const written = octets.some((octet) => octet === 0 || octet === 10 || octet === 13);
      if (written || octets.toString('latin1') !== value) assert.equal(isUnsafe(value), true);
    }),
  );
  assert.equal(isUnsafe('Bearer a.b-c \t \xff'), false);
  assert.equal(isUnsafe('\u010a'), true);
});

test('trailers that frame, route or authenticate are dropped, and any that could split', () => {
  const kept = ['grpc-status', '0', 'x', '1'];
  const dropped = [
    'content-length',
    '1',
    'transfer-encoding',
    'x',
    'host',
    'h',
    'authorization',
    'a',
    ':path',
    '/',
    'te',
    'x',
  ];
  assert.deepEqual(sendableTrailers([...dropped, ...kept, 'y', 'a\nb', 'a b', 'c']), kept);
});
