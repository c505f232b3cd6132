import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdentityLease } from './identity-lease.ts';

/** A server that refuses to make a Lease as often as `conflicts` says, and has none to change. */
function leases(conflicts: number) {
  let asked = 0;
  return {
    get asked() {
      return asked;
    },
    get: () => Promise.resolve(undefined),
    create: () => {
      asked++;
      // Whoever asks without an end is stopped somewhere.
      if (asked > 20) throw new TypeError('asked without an end');
      return Promise.resolve(asked > conflicts);
    },
    patch: () => Promise.resolve(false),
    remove: () => Promise.resolve(),
  };
}

test('a Lease that was deleted while it was to be changed is made anew', async () => {
  const api = leases(1);
  await new IdentityLease('apiserver-x').publish(api, new Date(0));
  assert.equal(api.asked, 2);
});

test('a server that neither makes nor changes a Lease is left alone until the next attempt', async () => {
  await assert.rejects(
    new IdentityLease('apiserver-x').publish(leases(Infinity), new Date(0)),
    /neither made nor changed/,
  );
});

test('a Lease that a successor takes over while it is being removed stays the successor’s', async () => {
  let stored: object | undefined;
  let version = 0;
  const store = (lease: object): void => {
    version += 1;
    stored = { ...lease, metadata: { ...Reflect.get(lease, 'metadata'), resourceVersion: String(version) } };
  };
  let removals = 0;
  const api = {
    get: () => Promise.resolve(stored),
    create: (lease: object) => {
      store(lease);
      return Promise.resolve(true);
    },
    patch: (_name: string, change: object) => {
      store({ ...stored, ...change });
      return Promise.resolve(true);
    },
    remove: async (_name: string, resourceVersion?: string) => {
      removals += 1;
      await successor.renew(api, new Date(1));
      if (resourceVersion === undefined || resourceVersion === String(version)) stored = undefined;
    },
  };
  const successor = new IdentityLease('apiserver-x');
  const lease = new IdentityLease('apiserver-x');
  await lease.publish(api, new Date(0));
  await lease.remove(api);
  assert.equal(removals, 1);
  assert.notEqual(stored, undefined);
});
