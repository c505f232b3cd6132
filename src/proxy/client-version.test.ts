import assert from 'node:assert/strict';
import { test } from 'node:test';
import { componentMinor, preferringMinor } from './client-version.ts';

for (const [userAgent, minor] of [
  ['kubelet/v1.37.2 (linux/amd64) kubernetes/1234abc', 37],
  [
    'kube-controller-manager/v1.36.3 (linux/amd64) kubernetes/1234abc/system:serviceaccount:kube-system:job-controller',
    36,
  ],
  ['kube-scheduler/v1.36.3 (linux/amd64) kubernetes/1234abc/leader-election', 36],
  ['kube-proxy/v1.35.0 (linux/amd64) kubernetes/1234abc', 35],
  ['kubectl/v1.30.14 (linux/amd64) kubernetes/1234abc', 30],
  ['kubelet/v1.38.0-alpha.1+1234 (linux/amd64) kubernetes/1234abc', 38],
  // Those say a version of their own, or follow the server.
  ['helm/v3.15.2', undefined],
  ['kube-apiserver/v1.36.3 (linux/amd64) kubernetes/1234abc', undefined],
  ['prometheus/1.37.0', undefined],
  ['kubectl', undefined],
  ['kubectl/v2.1.0', undefined],
] as const) {
  test(`${userAgent} ${minor === undefined ? 'has no preference' : `prefers v1.${minor} or newer`}`, () => {
    assert.equal(componentMinor(userAgent), minor);
  });
}

test('each request of a connection speaks for itself', () => {
  assert.equal(preferringMinor(['user-agent', 'kubectl/v1.37.0']), 37);
  assert.equal(preferringMinor(['user-agent', 'kubectl/v1.36.0']), 36);
  assert.equal(preferringMinor([]), undefined);
  assert.equal(preferringMinor(['user-agent', 'kubectl/v1.36.0']), 36);
});
