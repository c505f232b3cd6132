import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientState, ProxySetting } from '../../test/support/proxy-setting.ts';
import { ProxyError } from '../errors.ts';
import type { Credential } from '../identity/credential.ts';
import { learnFrom, upstreamFor } from './trust-class.ts';

const ASSERTED: Credential = {
  kind: 'asserted',
  user: { name: 'alice', uid: '', groups: [], extra: [] },
  source: 'client-certificate',
};
const TOKEN: Credential = { kind: 'own', authorization: 'Bearer a' };
const OTHER_TOKEN: Credential = { kind: 'own', authorization: 'Bearer b' };
const ANONYMOUS: Credential = { kind: 'anonymous' };

const backend = new ProxySetting().server(0);

test('identities we vouch for travel only where the front-proxy certificate is presented', () => {
  assert.equal(upstreamFor(backend, ASSERTED, clientState()), backend.asserted);
});

test('without that certificate they travel nowhere, and the message says what to do', () => {
  assert.throws(
    () => upstreamFor({ ...backend, asserted: undefined }, ASSERTED, clientState()),
    (error) =>
      error instanceof ProxyError &&
      error.code === 'MVP_UNAUTHORIZED' &&
      error.message.includes('--proxy-client-cert-file'),
  );
});

test('everything else travels where no front-proxy certificate is presented', () => {
  for (const credential of [TOKEN, ANONYMOUS]) {
    for (const proven of [undefined, 'Bearer a']) {
      assert.notEqual(upstreamFor(backend, credential, clientState({ proven })), backend.asserted);
    }
  }
});

test('a token travels among those that work once it was seen to work', () => {
  const client = clientState();
  assert.equal(upstreamFor(backend, TOKEN, client), backend.unproven);
  learnFrom(200, TOKEN, client);
  assert.equal(upstreamFor(backend, TOKEN, client), backend.own);
  assert.equal(upstreamFor(backend, OTHER_TOKEN, client), backend.unproven);
  assert.equal(upstreamFor(backend, ANONYMOUS, client), backend.anonymous);
});

for (const [status, works] of [
  [200, true],
  [201, true],
  [304, true],
  [403, true],
  [404, true],
  [409, true],
  [401, false],
  [429, false],
  [500, false],
  [503, false],
] as const) {
  test(`an answer ${status} says ${works ? 'that a token works' : 'nothing good of a token'}`, () => {
    const client = clientState();
    learnFrom(status, TOKEN, client);
    assert.equal(client.proven, works ? 'Bearer a' : undefined);
  });
}

test('401 takes back what was known of that token alone; an overloaded server takes nothing back', () => {
  const client = clientState({ proven: 'Bearer a' });
  learnFrom(401, OTHER_TOKEN, client);
  learnFrom(503, TOKEN, client);
  assert.equal(client.proven, 'Bearer a');
  learnFrom(401, TOKEN, client);
  assert.equal(client.proven, undefined);
});

test('answers to others say nothing of a token', () => {
  const client = clientState();
  learnFrom(200, ANONYMOUS, client);
  learnFrom(200, ASSERTED, client);
  assert.equal(client.proven, undefined);
});
