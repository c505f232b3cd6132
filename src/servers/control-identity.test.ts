import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldValues } from '../wire/fields.ts';
import { controlIdentity } from './control-identity.ts';
import type { PeerTrust } from './peer-trust.ts';

const PAIR = { cert: 'certificate', key: 'key' };
const TRUST: PeerTrust = {
  ca: 'bundle',
  isConfigured: true,
  frontProxy: PAIR,
  control: { certificate: undefined, token: 'token' },
};

test('with a front-proxy certificate a user of our own is asserted, under the names every server reads', () => {
  const { certificate, fields } = controlIdentity(TRUST);
  assert.equal(certificate, PAIR);
  assert.deepEqual(fieldValues(fields, 'x-remote-user'), ['system:mixed-version-proxy']);
  assert.deepEqual(fieldValues(fields, 'x-remote-group'), ['system:authenticated']);
  assert.deepEqual(fieldValues(fields, 'authorization'), []);
});

test("without one the kubeconfig's token is used, and nobody is asserted", () => {
  const { certificate, fields } = controlIdentity({ ...TRUST, frontProxy: undefined });
  assert.equal(certificate, undefined);
  assert.deepEqual(fieldValues(fields, 'authorization'), ['Bearer token']);
  assert.deepEqual(fieldValues(fields, 'x-remote-user'), []);
});

test('no server routes our own requests on', () => {
  assert.deepEqual(fieldValues(controlIdentity(TRUST).fields, 'x-kubernetes-peer-proxied'), ['true']);
});
