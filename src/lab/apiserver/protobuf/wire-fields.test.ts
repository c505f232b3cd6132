import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { packedIntegers, wireFields } from './wire-fields.ts';

function varint(value: bigint): number[] {
  const octets: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) octets.push(Number(rest & 0x7fn) | 0x80);
  return [...octets, Number(rest)];
}

const fields = fc.array(
  fc.record(
    {
      number: fc.integer({ min: 1, max: 2 ** 20 }),
      value: fc.oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.uint8Array({ maxLength: 300 }),
        fc.double(),
      ),
    },
    { noNullPrototype: true },
  ),
);

function encode(sent: readonly { number: number; value: bigint | Uint8Array | number }[]): Uint8Array {
  return Uint8Array.from(
    sent.flatMap(({ number, value }) => {
      const tag = (type: bigint) => varint((BigInt(number) << 3n) | type);
      if (typeof value === 'bigint') return [...tag(0n), ...varint(value)];
      if (value instanceof Uint8Array) return [...tag(2n), ...varint(BigInt(value.length)), ...value];
      return [...tag(1n), ...new Uint8Array(Float64Array.of(value).buffer)];
    }),
  );
}

test('what was encoded is read', () => {
  fc.assert(fc.property(fields, (sent) => assert.deepEqual(wireFields(encode(sent)), sent)));
});

test('packed integers keep their sign', () => {
  const integers = fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
  fc.assert(
    fc.property(integers, (sent) => assert.deepEqual(packedIntegers(Uint8Array.from(sent.flatMap(varint))), sent)),
  );
});

test('whatever arrives, nothing but a RangeError comes of it', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (octets) => {
      try {
        wireFields(octets);
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }),
  );
});

for (const [title, hex] of [
  ['an integer that ends early', '0880'],
  ['an integer of eleven octets', `08${'ff'.repeat(11)}`],
  ['a field longer than its message', '0a05aa'],
  ['a double that ends early', '09000000'],
  ['a group', '0b'],
  ['a fixed32', '0d00000000'],
] as const) {
  test(`${title} is refused`, () => {
    assert.throws(() => wireFields(Buffer.from(hex, 'hex')), RangeError);
  });
}
