import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PeerTrust, peerView } from './peer-trust.ts';

const TRUST: PeerTrust = {
  ca: 'bundle',
  isConfigured: true,
  frontProxy: { cert: 'certificate', key: 'key' },
  control: undefined,
};

test('with a peer CA and a front-proxy certificate the view is merged', () => {
  assert.deepEqual(peerView(TRUST), { kind: 'merged' });
});

for (const [name, trust, missing] of [
  ['a peer CA', { ca: undefined, isConfigured: false }, '--peer-ca-file'],
  ["a CA but the kubeconfig's", { isConfigured: false }, '--peer-ca-file'],
  ['a front-proxy certificate', { frontProxy: undefined }, '--proxy-client-cert-file'],
] as const) {
  test(`without ${name} it is server-local, and says what is missing`, () => {
    const view = peerView({ ...TRUST, ...trust });
    assert.ok(view.kind === 'server-local');
    assert.ok(view.missing.includes(missing), view.missing);
  });
}
