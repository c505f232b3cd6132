import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverId } from '../servers/server-id.ts';
import type { ApiObject } from './api-list.ts';
import { leaseMembers } from './lease-members.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

interface LeaseParts {
  readonly name?: string;
  readonly namespace?: string;
  readonly identity?: string;
  readonly hostname?: string;
  readonly address?: string | undefined;
  readonly renewedSecondsAgo?: number | undefined;
  readonly durationSeconds?: number | undefined;
}

function lease(parts: LeaseParts = {}): ApiObject {
  const { hostname = 'cp-1', namespace = 'kube-system', identity = 'kube-apiserver' } = parts;
  const { name = serverId(hostname) } = parts;
  const { address, renewedSecondsAgo, durationSeconds } = {
    address: '10.0.0.1:6443',
    renewedSecondsAgo: 5,
    durationSeconds: 3600,
    ...parts,
  };
  const renewTime =
    renewedSecondsAgo === undefined ? undefined : new Date(NOW - renewedSecondsAgo * 1000).toISOString();
  return {
    metadata: {
      name,
      namespace,
      labels: { 'apiserver.kubernetes.io/identity': identity, 'kubernetes.io/hostname': hostname },
      annotations: address === undefined ? {} : { 'kubernetes.io/peer-advertise-address': address },
    },
    spec: { holderIdentity: `${name}_1`, leaseDurationSeconds: durationSeconds, renewTime },
  };
}

const found = (...leases: readonly ApiObject[]) =>
  leaseMembers(leases, NOW).map(({ name, host, port }) => [name, host, port]);

test('a Lease proposes the address that its server advertises to peers, under the name of its host', () => {
  assert.deepEqual(leaseMembers([lease()], NOW), [
    { id: serverId('cp-1'), name: 'cp-1', host: '10.0.0.1', port: 6443, addresses: ['10.0.0.1'] },
  ]);
  assert.deepEqual(found(lease({ address: '[FD00:0::1]:443' })), [['cp-1', 'fd00::1', 443]]);
});

test('a host name that does not belong to the Lease is not believed', () => {
  assert.deepEqual(found(lease({ name: serverId('cp-2'), hostname: 'cp-1' })), [[serverId('cp-2'), '10.0.0.1', 6443]]);
});

test('a Lease without an address, or with none that is one, proposes nothing', () => {
  for (const address of [undefined, '', '10.0.0.1', 'cp-1:6443', '10.0.0.1:0', '10.0.0.1:65536', 'fd00::1:6443']) {
    assert.deepEqual(found(lease({ address })), [], String(address));
  }
});

test('an expired Lease counts for nothing', () => {
  assert.equal(found(lease({ renewedSecondsAgo: 3600 })).length, 1);
  assert.deepEqual(found(lease({ renewedSecondsAgo: 3601 })), []);
  assert.deepEqual(found(lease({ renewedSecondsAgo: undefined })), []);
  assert.deepEqual(found(lease({ durationSeconds: undefined })), []);
});

test('D22: a Lease outside kube-system, or not of a kube-apiserver, is not believed', () => {
  assert.deepEqual(found(lease({ namespace: 'default' })), []);
  assert.deepEqual(found(lease({ identity: 'somebody' })), []);
});

test('of two Leases of one address the one that is renewed is meant; of two that are, always the same', () => {
  const dead = lease({ hostname: 'a', renewedSecondsAgo: 500 });
  const live = lease({ hostname: 'b', renewedSecondsAgo: 5 });
  assert.deepEqual(found(dead, live), [['b', '10.0.0.1', 6443]]);
  assert.deepEqual(found(live, dead), [['b', '10.0.0.1', 6443]]);
  const later = lease({ hostname: 'a', renewedSecondsAgo: 9 });
  const earlier = lease({ hostname: 'a', renewedSecondsAgo: 1 });
  assert.deepEqual(found(later, live), found(live, earlier));
});

test('whatever else a server answers as a Lease is nothing', () => {
  for (const object of [{}, { metadata: null }, { metadata: [], spec: 1 }]) assert.deepEqual(found(object), []);
});
