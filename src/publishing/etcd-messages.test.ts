import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { grantedLease, rangedKey, succeeded, txnRequest } from './etcd-messages.ts';

/** Varint of an unsigned 64-bit number. */
function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
}

const int = (number: number, value: bigint) => Buffer.from([number * 8, ...varint(value)]);
const bytes = (number: number, value: Uint8Array) =>
  Buffer.concat([Buffer.from([number * 8 + 2, ...varint(BigInt(value.length))]), value]);

const INT64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const SAFE = fc.maxSafeNat();
const VALUE = fc.uint8Array({ maxLength: 300 });
/** ResponseHeader: cluster and member ids use all 64 bits. */
const HEADER = fc
  .tuple(INT64, INT64)
  .map(([cluster, member]) => bytes(1, Buffer.concat([int(1, cluster), int(2, member)])));

test('a lease keeps all of its 64 bits', () => {
  fc.assert(
    fc.property(HEADER, INT64, (header, id) => {
      const lease = grantedLease(Buffer.concat([header, int(2, id), int(3, 15n)]));
      assert.deepEqual([...(lease ?? [])], varint(id));
      const request = txnRequest('/key', 0, {
        kind: 'put',
        value: Buffer.from('v'),
        lease: Uint8Array.from(varint(id)),
      });
      assert.ok(Buffer.from(request).includes(int(3, id)));
    }),
  );
});

test('a key is read with its value and revision, whatever else is said of it', () => {
  fc.assert(
    fc.property(HEADER, VALUE, SAFE, INT64, (header, value, revision, lease) => {
      const kv = Buffer.concat([
        bytes(1, Buffer.from('/k')),
        int(2, 7n),
        int(3, BigInt(revision)),
        int(4, 2n),
        bytes(5, value),
        int(6, lease),
      ]);
      const found = rangedKey(Buffer.concat([header, bytes(2, kv), int(4, 1n)]));
      assert.deepEqual([...(found?.value ?? [])], [...value]);
      assert.equal(found?.modRevision, revision);
      assert.equal(rangedKey(header), undefined);
    }),
  );
});

test('a transaction has succeeded only if etcd says so', () => {
  fc.assert(
    fc.property(HEADER, (header) => {
      assert.equal(succeeded(Buffer.concat([header, int(2, 1n)])), true);
      assert.equal(succeeded(header), false);
    }),
  );
});

test('what is no message is an error or nothing, never a hang', () => {
  fc.assert(
    fc.property(VALUE, (message) => {
      for (const read of [grantedLease, rangedKey, succeeded]) {
        try {
          read(message);
        } catch (error) {
          assert.ok(error instanceof RangeError);
        }
      }
    }),
  );
  assert.throws(() => grantedLease(Buffer.from([0x10, 0x80])), /cut short/);
  assert.throws(() => grantedLease(Buffer.from([0x0a, 5, 1])), /cut short/);
});
