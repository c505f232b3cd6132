import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goModText, linkerFlags } from './go-module.ts';

const KUBERNETES_GO_MOD = `module k8s.io/kubernetes

go 1.24.0

require (
	example.com/other v1.2.3
	k8s.io/apimachinery v0.0.0
	k8s.io/api v0.0.0
	k8s.io/klog/v2 v2.130.1
)

replace (
	k8s.io/apimachinery => ./staging/src/k8s.io/apimachinery
	k8s.io/api => ./staging/src/k8s.io/api
)
`;

test('staging modules of kubernetes are replaced by their published versions', () => {
  assert.equal(
    goModText({ path: 'k8s.io/kubernetes', version: '1.34.4', goMod: KUBERNETES_GO_MOD }),
    `module control-plane.test/build

go 1.24.0

require k8s.io/kubernetes v1.34.4

replace (
	k8s.io/api => k8s.io/api v0.34.4
	k8s.io/apimachinery => k8s.io/apimachinery v0.34.4
)

`,
  );
});

test('a module without staging modules needs no replacements', () => {
  const goMod = 'module go.etcd.io/etcd/server/v3\n\ngo 1.24\n\nreplace go.etcd.io/etcd/api/v3 => ../api\n';
  assert.equal(
    goModText({ path: 'go.etcd.io/etcd/server/v3', version: '3.6.5', goMod }),
    'module control-plane.test/build\n\ngo 1.24\n\nrequire go.etcd.io/etcd/server/v3 v3.6.5\n\n',
  );
});

test('both version packages are told the version', () => {
  const flags = linkerFlags('1.34.4').split(' ');
  for (const path of ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']) {
    assert.ok(flags.includes(`${path}.gitVersion=v1.34.4`));
    assert.ok(flags.includes(`${path}.gitMinor=34`));
  }
});
