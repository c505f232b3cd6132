import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptOf, listTarget, WATCHED_RESOURCES, watchTarget } from './watched-resource.ts';

const PARTIAL = 'application/json;g=meta.k8s.io;v=v1;as=PartialObjectMetadata';

test('lists ask for no more than the beginning of a watch; those of Leases for their holders', () => {
  assert.deepEqual(WATCHED_RESOURCES.map(listTarget), [
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?limit=1',
    '/apis/apiregistration.k8s.io/v1/apiservices?limit=1',
    '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?labelSelector=apiserver.kubernetes.io%2Fidentity%3Dkube-apiserver',
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?fieldSelector=metadata.name%3Dkubernetes&limit=1',
  ]);
});

test('watches go on from a resourceVersion, with bookmarks, for a time', () => {
  const query = 'watch=1&allowWatchBookmarks=true&resourceVersion=42&timeoutSeconds=150';
  assert.deepEqual(
    WATCHED_RESOURCES.map((watched) => watchTarget(watched, '42', 150).split('?')[1]),
    [
      query,
      query,
      `labelSelector=apiserver.kubernetes.io%2Fidentity%3Dkube-apiserver&${query}`,
      `fieldSelector=metadata.name%3Dkubernetes&${query}`,
    ],
  );
});

test('only of Leases more than the metadata is asked for', () => {
  for (const watched of WATCHED_RESOURCES) {
    const whole = watched.resource === 'leases';
    assert.equal(acceptOf(watched, 'list'), whole ? 'application/json' : `${PARTIAL}List,application/json`);
    assert.equal(acceptOf(watched, 'watch'), whole ? 'application/json' : `${PARTIAL},application/json`);
  }
});
