import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServerVersion } from '../kubernetes/kube-version.ts';
import { RECORDED, type RecordedVersion, recordedJson } from '../kubernetes/testing/recorded-documents.ts';
import { type MergeInput, mergeDiscovery } from './merge.ts';
import { publishDiscovery } from './published-discovery.ts';
import { type ServerDiscovery, serverDiscovery } from './server-discovery.ts';
import { discoveryOf, type Listing } from './testing/discovery-of.ts';
import { entrySet } from './testing/entries.ts';
import { recordedDiscovery } from './testing/recorded-discovery.ts';

function recordedInput(version: RecordedVersion, discovery = recordedDiscovery(version)): MergeInput {
  const { gitVersion } = recordedJson(version, 'version.json') as { readonly gitVersion: string };
  return { server: `kube-${version}`, version: parseServerVersion(gitVersion), ready: true, fresh: true, discovery };
}

const subsets: readonly (readonly RecordedVersion[])[] = [
  ['1.34.4'],
  ['1.36.3'],
  ['1.37.2'],
  ['1.34.4', '1.36.3'],
  ['1.34.4', '1.37.2'],
  ['1.36.3', '1.37.2'],
  RECORDED,
];

for (const subset of subsets) {
  test(`${subset.join(' and ')} in default configuration merge to what the newest serves`, async () => {
    const merged = mergeDiscovery(subset.map((version) => recordedInput(version)));
    const newest = recordedDiscovery(subset.at(-1) ?? assert.fail());
    assert.deepEqual(entrySet(merged), entrySet(...subset.map(recordedDiscovery)));
    assert.deepEqual({ api: merged.api, apis: merged.apis }, newest);
    assert.deepEqual(merged.conflicts, []);
    const [published, own] = [await publishDiscovery(merged), await publishDiscovery(newest)];
    assert.equal(published['/apis'].v2.etag, own['/apis'].v2.etag);
  });
}

/** A recorded server with more APIs switched on, each group's versions in the order given. */
function withAlso(version: RecordedVersion, listing: Listing): MergeInput {
  const recorded = recordedDiscovery(version);
  return recordedInput(version, serverDiscovery(recorded.api, [...recorded.apis, ...discoveryOf(listing).apis]));
}

const resources = { things: ['get'] };

const versionsOf = (discovery: ServerDiscovery, name: string) =>
  discovery.apis.find(({ metadata }) => metadata.name === name)?.versions?.map(({ version }) => version);

// The native feature prefers the alpha version in each of these.
for (const { group, inputs, expected } of [
  {
    group: 'storagemigration.k8s.io',
    inputs: [
      withAlso('1.34.4', { 'storagemigration.k8s.io/v1alpha1': resources }),
      withAlso('1.36.3', { 'storagemigration.k8s.io/v1beta1': resources }),
    ],
    expected: ['v1beta1', 'v1alpha1'],
  },
  {
    group: 'scheduling.k8s.io',
    inputs: [
      withAlso('1.36.3', { 'scheduling.k8s.io/v1alpha2': resources }),
      withAlso('1.37.2', { 'scheduling.k8s.io/v1beta1': resources, 'scheduling.k8s.io/v1alpha3': resources }),
    ],
    expected: ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2'],
  },
  {
    group: 'coordination.k8s.io',
    inputs: [
      withAlso('1.34.4', { 'coordination.k8s.io/v1alpha1': resources }),
      withAlso('1.36.3', { 'coordination.k8s.io/v1beta1': resources, 'coordination.k8s.io/v1alpha2': resources }),
    ],
    expected: ['v1', 'v1beta1', 'v1alpha2', 'v1alpha1'],
  },
  {
    group: 'certificates.k8s.io',
    inputs: [
      withAlso('1.34.4', { 'certificates.k8s.io/v1alpha1': resources }),
      withAlso('1.37.2', { 'certificates.k8s.io/v1beta1': resources }),
    ],
    expected: ['v1', 'v1beta1', 'v1alpha1'],
  },
]) {
  test(`the versions of ${group} are merged by preference`, () => {
    assert.deepEqual(versionsOf(mergeDiscovery(inputs), group), expected);
    assert.deepEqual(versionsOf(mergeDiscovery([...inputs].reverse()), group), expected);
  });
}

test('one group in another place, as resource.k8s.io in 1.31, moves nothing else', () => {
  const newest = withAlso('1.37.2', { 'lifecycle.k8s.io/v1alpha1': resources });
  const { api, apis } = recordedDiscovery('1.34.4');
  const named = (name: string) => apis.filter(({ metadata }) => metadata.name === name);
  const others = apis.filter(({ metadata }) => metadata.name !== 'resource.k8s.io');
  const custom = discoveryOf({ 'example.com/v1': resources }).apis;
  const older = serverDiscovery(api, [...others, ...named('resource.k8s.io'), ...custom]);
  const merged = mergeDiscovery([newest, recordedInput('1.34.4', older)]);
  const order = newest.discovery.apis.map(({ metadata }) => metadata.name);
  const behind = order.indexOf('flowcontrol.apiserver.k8s.io') + 1;
  assert.deepEqual(
    merged.apis.map(({ metadata }) => metadata.name),
    order.toSpliced(behind, 0, 'example.com'),
  );
});
