import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { serverId } from './server-id.ts';

test('is what kube-apiserver names its identity Lease', () => {
  for (const [hostname, id] of [
    ['test-server-a', 'apiserver-tcwjsvs6hjq4qbwzx5rvp5fsqe'],
    ['test-server-b', 'apiserver-scg43bmblmfhqplxpiyqlziyzi'],
    ['kind-control-plane', 'apiserver-c7uylvfxlbqccnk6myfkwetzze'],
    ['localhost', 'apiserver-l2yubf4cvcl5c7a3wrubrwqdve'],
  ] as const) {
    assert.equal(serverId(hostname), id);
  }
});

test('is a name that a Lease may have, and differs with host and component', () => {
  const host = fc.string({ minLength: 1, maxLength: 64 });
  fc.assert(
    fc.property(host, host, (one, other) => {
      assert.match(serverId(one), /^apiserver-[a-z2-7]{26}$/);
      assert.equal(serverId(one) === serverId(other), one === other);
      assert.notEqual(serverId(one), serverId(one, 'mixed-version-proxy'));
    }),
  );
});

test('cannot be confused by moving characters from host to component', () => {
  assert.notEqual(serverId('ab', 'c'), serverId('a', 'bc'));
});
