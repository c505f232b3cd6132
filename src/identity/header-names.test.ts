import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertsIdentity, type IdentityHeaderNames } from './header-names.ts';

const CONFIGURED: IdentityHeaderNames = {
  username: ['x-user', 'x-other-user'],
  uid: ['x-uid'],
  group: ['x-group'],
  extraPrefix: ['x-extra-', 'x-more-'],
};
const NOTHING: IdentityHeaderNames = { username: [], uid: [], group: [], extraPrefix: [] };

for (const [name, names, expected] of [
  ['x-user', CONFIGURED, true],
  ['x-other-user', CONFIGURED, true],
  ['x-uid', CONFIGURED, true],
  ['x-group', CONFIGURED, true],
  ['x-extra-', CONFIGURED, true],
  ['x-extra-scopes', CONFIGURED, true],
  ['x-more-scopes', CONFIGURED, true],
  ['x-user-agent', CONFIGURED, false],
  ['x-extr', CONFIGURED, false],
  ['x-user', NOTHING, false],
  // The default names count whatever is configured.
  ['x-remote-user', CONFIGURED, true],
  ['x-remote-group', NOTHING, true],
  ['x-remote-uid', NOTHING, true],
  ['x-remote-extra-scopes', NOTHING, true],
  ['x-remote-anything', NOTHING, true],
  ['x-kubernetes-peer-proxied', NOTHING, true],
  ['x-kubernetes-peer-proxied-2', NOTHING, false],
  ['authorization', CONFIGURED, false],
  ['impersonate-user', CONFIGURED, false],
] as const) {
  test(`${name} is ${expected ? 'a' : 'no'} claim of identity with ${names === NOTHING ? 'no' : 'configured'} names`, () => {
    assert.equal(assertsIdentity(name, names), expected);
  });
}
