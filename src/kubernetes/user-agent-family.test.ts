import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { statedClient, type UserAgentFamily, userAgentFamily } from './user-agent-family.ts';

for (const [userAgent, family, minor] of [
  ['kubelet/v1.34.4 (linux/amd64) kubernetes/1234567', 'kubelet', 34],
  ['kube-scheduler/v1.37.2 (linux/arm64) kubernetes/1234567/leader-election', 'kube-scheduler', 37],
  ['kube-proxy/v1.36.3 (linux/amd64) kubernetes/1234567', 'kube-proxy', 36],
  ['kube-apiserver/v1.36.3 (linux/amd64) kubernetes/1234567', 'kube-apiserver', 36],
  [
    'kube-controller-manager/v1.34.4 (linux/amd64) kubernetes/1/system:serviceaccount:kube-system:generic-garbage-collector',
    'kube-controller-manager',
    34,
  ],
  ['kubectl/v1.30.14 (linux/amd64) kubernetes/1234567', 'kubectl', 30],
  ['kubectl.exe/v1.30.0+k3s1 (windows/amd64) kubernetes/1234567', 'kubectl', 30],
  ['kubectl.1.27/v1.27.16-dispatcher (linux/amd64) kubernetes/1234567', 'kubectl', 27],
  ['kubectl-1.34.4/v1.34.4 (linux/amd64)', 'kubectl', 34],
  ['kubectl-mvproxy/v0.0.0', 'kubectl', undefined],
  ['cloud-controller-manager/v1.31.0', 'cloud-controller-manager', 31],
  ['aws-cloud-controller-manager/v1.31.0', 'cloud-controller-manager', 31],
  ['Helm/3.16.2', 'helm', undefined],
  ['argocd-application-controller/v0.0.0 (linux/amd64) kubernetes/$Format', 'argocd', undefined],
  ['kustomize-controller/v0.0.0 (linux/amd64) kubernetes/$Format', 'flux', undefined],
  ['HashiCorp/1.0 Terraform/1.9.5', 'terraform', 0],
  ['OpenAPI-Generator/31.0.0/python', 'python-client', undefined],
  ['Kubernetes Java Client/20.0.1-SNAPSHOT', 'java-client', undefined],
  ['manager/v0.0.0 (linux/amd64) kubernetes/$Format/widget-controller', 'other', undefined],
  ['Go-http-client/2.0', 'other', undefined],
  ['notkubelet/v1.34.4', 'other', 34],
  ['kubelet', 'kubelet', undefined],
  ['', 'none', undefined],
  [undefined, 'none', undefined],
] as const satisfies readonly (readonly [string | undefined, UserAgentFamily, number | undefined])[]) {
  test(`${userAgent ?? 'no User-Agent'} is ${family}${minor === undefined ? '' : ` 1.${minor}`}`, () => {
    assert.deepEqual(statedClient(userAgent), { family, minor });
    assert.equal(userAgentFamily(userAgent), family);
  });
}

for (const version of ['v11.2.3', 'v1', 'v1.', 'v1.x', 'v2.30.0', '1.9999.1', 'v1.-1']) {
  test(`${version} states no minor version`, () => {
    assert.equal(statedClient(`kubectl/${version}`).minor, undefined);
  });
}

test('whatever clients write, there are few families', () => {
  const families = new Set<string>();
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, rest) => {
      families.add(userAgentFamily(`${name}/${rest}`));
    }),
  );
  assert.ok(families.size <= 40);
});
