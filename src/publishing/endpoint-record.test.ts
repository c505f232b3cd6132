import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressText, encodeEndpointRecord, endpointRecordKey, recognisedRecord } from './endpoint-record.ts';

const IP = fc.oneof(fc.ipV4(), fc.ipV6());
const PORT = fc.integer({ min: 1, max: 65_535 });

test('a record of ours is recognised with its address', () => {
  fc.assert(
    fc.property(IP, PORT, fc.stringMatching(/^[a-z0-9-]{1,60}$/), (ip, port, id) => {
      const address = addressText({ ip, port });
      assert.deepEqual(recognisedRecord(encodeEndpointRecord(id, { ip, port }, 'me')), {
        kind: 'ours',
        address,
        writer: 'me',
      });
      assert.equal(new URL(`https://${address}`).port, port === 443 ? '' : String(port));
    }),
  );
});

test('everything else belongs to somebody else, and nothing to nobody', () => {
  assert.deepEqual(recognisedRecord(undefined), { kind: 'none' });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (value) => {
        assert.equal(recognisedRecord(value).kind, 'foreign');
      },
    ),
  );
});

test('stands where kube-apiserver looks', () => {
  for (const prefix of ['/registry', '/registry/']) {
    assert.equal(endpointRecordKey(prefix, 'apiserver-x'), '/registry/peerserverleases/apiserver-x');
  }
  assert.equal(endpointRecordKey('/', 'x'), '/peerserverleases/x');
});
