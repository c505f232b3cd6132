import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { apiGroup, apiVersion } from '../kubernetes/aggregated-discovery.ts';
import { parseServerVersion } from '../kubernetes/kube-version.ts';
import { type RecordedVersion, recordedJson } from '../kubernetes/testing/recorded-documents.ts';
import { type MergeInput, mergeDiscovery } from './merge.ts';
import { publishDiscovery } from './published-discovery.ts';
import { type ServerDiscovery, serverDiscovery } from './server-discovery.ts';
import { discoveryOf } from './testing/discovery-of.ts';
import { nativeConsensus } from './testing/native-consensus.ts';
import { recordedDiscovery } from './testing/recorded-discovery.ts';

/*
 * What the native feature makes of the same servers, and what we make of them. Where the two differ, `because` says why
 * we do it otherwise:
 */
const NEWEST_LEADS =
  'the newest server leads, whatever servers are called: its order is what all will have after the upgrade';
const BEHIND_PREDECESSOR = 'an entry goes directly behind its predecessor, not as far back as the alphabet puts it';
const KUBE_AWARE = 'clients prefer the first version, which goes by stability and number and not by spelling';
const NO_CIRCLE = 'one contradiction reorders nothing else';

interface Vector {
  readonly name: string;
  /** By server, the names of servers in order and the newest server first. */
  readonly lists: readonly (readonly string[])[];
  readonly native: readonly string[];
  readonly ours?: readonly string[];
  readonly because?: string;
}

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');
const vector = (lists: readonly string[], native: string, ours?: string, because?: string): Vector => ({
  name: lists.join(' | ') || 'nobody',
  lists: lists.map(words),
  native: words(native),
  ...(ours !== undefined && because !== undefined && { ours: words(ours), because }),
});

/** Servers in the order of their names, the first the newest. */
function serving(lists: readonly (readonly string[])[], discovery: (names: readonly string[]) => ServerDiscovery) {
  return lists.map(
    (names, i): MergeInput => ({
      server: `apiserver-${i}`,
      version: { major: 1, minor: 37 - i, patch: 0 },
      ready: true,
      fresh: true,
      discovery: discovery(names),
    }),
  );
}

function titled({ name, native, ours, because }: Vector): string {
  if (ours === undefined) return `${name}: ${native.join(' ')}, as native has it`;
  return `${name}: ${ours.join(' ')}, where native has ${native.join(' ')}: ${because}`;
}

describe('orders of groups (MG-1, the cases of TestSortDiscoveryGroupsTopo)', () => {
  for (const each of [
    vector(
      ['A B C D', 'A B C D', 'A X Z D', 'Z Y', 'Q'],
      'A B C Q X Z D Y',
      'A X Z Y B C D Q',
      `${NEWEST_LEADS}; ${BEHIND_PREDECESSOR}`,
    ),
    vector(['A B', 'B A'], 'A B'),
    vector(['C D E', 'B D E', 'A D E'], 'A B C D E', 'C B A D E', NEWEST_LEADS),
    vector(['A B C', 'B C A', 'C A B'], 'A B C'),
    vector(['A B', 'C D', 'B A'], 'A B C D'),
    vector(['A B', 'B C', 'C A'], 'A B C'),
    vector(['', 'A B C'], 'A B C'),
    vector([], ''),
    // The same with the newest server's order against the alphabet.
    vector(['Z B A', 'A B X'], 'A B X Z', 'Z B A X', `${NO_CIRCLE}, and ${NEWEST_LEADS}`),
  ]) {
    test(titled(each), () => {
      assert.deepEqual(nativeConsensus(each.lists), each.native);
      const inputs = serving(each.lists, (groups) =>
        serverDiscovery(
          [],
          groups.map((group) => apiGroup(group, [apiVersion({ version: 'v1', freshness: 'Current' })])),
        ),
      );
      assert.deepEqual(groupsOf(mergeDiscovery(inputs)), each.ours ?? each.native);
      assert.deepEqual(groupsOf(mergeDiscovery(inputs.toReversed())), each.ours ?? each.native);
    });
  }
});

describe('orders of versions (MG-2)', () => {
  for (const each of [
    vector(['v1', 'v2'], 'v1 v2', 'v2 v1', KUBE_AWARE),
    vector(['v2', 'v1'], 'v1 v2', 'v2 v1', KUBE_AWARE),
    vector(['v1alpha1', 'v1beta1'], 'v1alpha1 v1beta1', 'v1beta1 v1alpha1', KUBE_AWARE),
    vector(['v1beta1', 'v1alpha1'], 'v1alpha1 v1beta1', 'v1beta1 v1alpha1', KUBE_AWARE),
    vector(['v2 v1', 'v1 v1beta1'], 'v2 v1 v1beta1'),
  ]) {
    test(titled(each), () => {
      assert.deepEqual(nativeConsensus(each.lists), each.native);
      const inputs = serving(each.lists, (versions) =>
        serverDiscovery(
          [],
          [
            apiGroup(
              'g',
              versions.map((version) => apiVersion({ version, freshness: 'Current' })),
            ),
          ],
        ),
      );
      assert.deepEqual(versionsOf(mergeDiscovery(inputs), 'g'), each.ours ?? each.native);
    });
  }
});

describe('versions of real groups (MG-2b)', () => {
  /** As releases had them, newest first; native names servers after releases here, so that the oldest comes first. */
  for (const { group, releases, native, ours } of [
    {
      group: 'storagemigration.k8s.io',
      releases: { 'v1.36.3': 'v1beta1', 'v1.34.4': 'v1alpha1' },
      native: 'v1alpha1 v1beta1',
      ours: 'v1beta1 v1alpha1',
    },
    {
      group: 'scheduling.k8s.io',
      releases: { 'v1.37.2': 'v1 v1beta1 v1alpha3', 'v1.36.3': 'v1 v1alpha2' },
      native: 'v1 v1alpha2 v1beta1 v1alpha3',
      ours: 'v1 v1beta1 v1alpha3 v1alpha2',
    },
    {
      group: 'coordination.k8s.io',
      releases: { 'v1.34.4': 'v1 v1beta1 v1alpha2', 'v1.31.14': 'v1 v1alpha1' },
      native: 'v1 v1alpha1 v1beta1 v1alpha2',
      ours: 'v1 v1beta1 v1alpha2 v1alpha1',
    },
    {
      group: 'certificates.k8s.io',
      releases: { 'v1.37.2': 'v1 v1beta1', 'v1.31.14': 'v1 v1alpha1' },
      native: 'v1 v1alpha1 v1beta1',
      ours: 'v1 v1beta1 v1alpha1',
    },
  ]) {
    const told = Object.entries(releases);
    test(`${group} of ${told.map(([release]) => release).join(' and ')}: ${ours}, where native has ${native}: ${KUBE_AWARE}`, () => {
      assert.deepEqual(nativeConsensus(told.toReversed().map(([, versions]) => words(versions))), words(native));
      const inputs = told.map(
        ([release, versions]): MergeInput => ({
          server: release,
          version: parseServerVersion(release),
          ready: true,
          fresh: true,
          discovery: discoveryOf(Object.fromEntries(words(versions).map((version) => [`${group}/${version}`, {}]))),
        }),
      );
      assert.deepEqual(versionsOf(mergeDiscovery(inputs), group), words(ours));
    });
  }
});

describe('groups of real servers (MG-2c)', () => {
  const resource = 'resource.k8s.io';
  /** 1.31 has resource.k8s.io behind flowcontrol, later ones before it; and 1.37 has lifecycle.k8s.io beside. */
  const newest = withGroups('1.37.2', (groups) => [...groups, 'lifecycle.k8s.io']);
  const older = withGroups('1.34.4', (groups) => [
    ...groups.filter((group) => group !== resource),
    resource,
    'custom.example',
  ]);

  test(`a custom resource and a moved group leave the newest server's order, where native sorts all by name: ${NO_CIRCLE}`, () => {
    const lists = [newest, older].map(({ discovery }) => groupsOf(discovery));
    const native = nativeConsensus(lists);
    assert.deepEqual(native, [...native].sort());
    assert.equal(native[0], 'admissionregistration.k8s.io');
    const ours = groupsOf(mergeDiscovery([older, newest]));
    assert.deepEqual(
      ours.filter((group) => group !== 'custom.example'),
      groupsOf(newest.discovery),
    );
    assert.equal(ours[0], 'apiregistration.k8s.io');
  });

  test('of the same order, both keep it', () => {
    const middle = withGroups('1.36.3', (groups) => [...groups, 'custom.example']);
    const merged = groupsOf(mergeDiscovery([middle, newest]));
    const common = groupsOf(middle.discovery).filter((group) => groupsOf(newest.discovery).includes(group));
    for (const order of [merged, nativeConsensus([middle, newest].map(({ discovery }) => groupsOf(discovery)))]) {
      assert.deepEqual(
        order.filter((group) => common.includes(group)),
        common,
      );
    }
  });

  function withGroups(version: RecordedVersion, change: (groups: readonly string[]) => readonly string[]): MergeInput {
    const { gitVersion } = recordedJson(version, 'version.json') as { readonly gitVersion: string };
    const { api, apis } = recordedDiscovery(version);
    const groups = change(apis.map(({ metadata }) => metadata.name));
    const discovery = serverDiscovery(
      api,
      groups.map((name) => apis.find(({ metadata }) => metadata.name === name) ?? apiGroup(name, [])),
    );
    return { server: version, version: parseServerVersion(gitVersion), ready: true, fresh: true, discovery };
  }
});

describe('merging groups (the cases of TestMergeResources that are about more than order)', () => {
  const own = discoveryOf({ 'g1/v1': { a: ['get', 'list'], 'a/status': ['get'] }, 'g2/v1': { b: ['get'] } });
  const etagOf = async (discovery: ServerDiscovery) => (await publishDiscovery(discovery))['/apis'].v2.etag;
  const servers = (...documents: readonly ServerDiscovery[]) =>
    serving(
      documents.map(() => []),
      () => own,
    ).map((input, i) => ({ ...input, discovery: documents[i] ?? own }));

  test('without peers, and with equal ones, the document is the own one, tag and all', async () => {
    for (const inputs of [servers(own), servers(own, own), servers(own, own, own)]) {
      assert.equal(await etagOf(mergeDiscovery(inputs)), await etagOf(own));
    }
  });

  test('whichever server asks, the document is the same', async () => {
    const other = discoveryOf({ 'g2/v1': { c: ['get'] }, 'g0/v1': { d: ['get'] } });
    const [one, two] = [servers(own, other), servers(own, other).reverse()];
    assert.equal(await etagOf(mergeDiscovery(one)), await etagOf(mergeDiscovery(two)));
  });

  test('freshness is Current if any server that is asked says so, where native takes the first server’s word', () => {
    const stale = discoveryOf({ 'g1/v1': { a: ['get'] } }, ['g1/v1']);
    const merged = mergeDiscovery(servers(stale, own));
    assert.equal(merged.apis[0]?.versions?.[0]?.freshness, 'Current');
  });
});

/** A list that holds every name needs no consensus: native takes the first such, we take the newest server's. */
test('what the newest server lists whole, both take from it if it is first by name', () => {
  const names = fc.shuffledSubarray([...'ABCDEFG'], { minLength: 7 });
  const others = fc.array(fc.shuffledSubarray([...'ABCDEFG']), { maxLength: 3 });
  fc.assert(
    fc.property(names, others, (whole, rest) => {
      const inputs = serving([whole, ...rest], (groups) =>
        serverDiscovery(
          [],
          groups.map((group) => apiGroup(group, [apiVersion({ version: 'v1' })])),
        ),
      );
      assert.deepEqual(groupsOf(mergeDiscovery(inputs)), nativeConsensus([whole, ...rest]));
    }),
  );
});

function groupsOf({ apis }: ServerDiscovery): readonly string[] {
  return apis.map(({ metadata }) => metadata.name);
}

function versionsOf({ apis }: ServerDiscovery, name: string): readonly string[] {
  return (apis.find(({ metadata }) => metadata.name === name)?.versions ?? []).map(({ version }) => version);
}
