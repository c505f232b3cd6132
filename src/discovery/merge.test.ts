import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MergeInput, mergeDiscovery } from './merge.ts';
import { serverDiscovery } from './server-discovery.ts';
import { discoveryOf, type Listing, newestFirst } from './testing/discovery-of.ts';

const merged = (...listings: readonly Listing[]) =>
  mergeDiscovery(newestFirst(...listings.map((listing) => discoveryOf(listing))));

/** Where the native feature's test of the same name and this differ, `native` says how. */
const cases: readonly { name: string; servers: readonly Listing[]; expected: Listing; native?: string }[] = [
  {
    name: 'one server',
    servers: [{ 'g/v1': { a: ['get'] } }],
    expected: { 'g/v1': { a: ['get'] } },
  },
  {
    name: 'identical servers',
    servers: [{ 'g/v1': { a: ['get'] } }, { 'g/v1': { a: ['get'] } }],
    expected: { 'g/v1': { a: ['get'] } },
  },
  {
    name: 'a resource only the older server has',
    servers: [{ 'g/v1': { b: ['get'] } }, { 'g/v1': { a: ['get'], c: ['list'] } }],
    expected: { 'g/v1': { a: ['get'], b: ['get'], c: ['list'] } },
  },
  {
    name: 'a version only the older server has',
    servers: [{ 'g/v1': { a: ['get'] } }, { 'g/v1beta1': { a: ['get'] } }],
    expected: { 'g/v1': { a: ['get'] }, 'g/v1beta1': { a: ['get'] } },
  },
  {
    name: 'a more stable version only the older server has',
    servers: [{ 'g/v1alpha2': { a: ['get'] } }, { 'g/v1beta1': { a: ['get'] } }],
    expected: { 'g/v1beta1': { a: ['get'] }, 'g/v1alpha2': { a: ['get'] } },
    native: 'sorts names without a common order alphabetically',
  },
  {
    name: 'a group only the older server has',
    servers: [
      { 'g1/v1': { a: ['get'] }, 'g3/v1': {} },
      { 'g1/v1': { a: ['get'] }, 'g2/v1': { b: ['get'] }, 'g3/v1': {} },
    ],
    expected: { 'g1/v1': { a: ['get'] }, 'g2/v1': { b: ['get'] }, 'g3/v1': {} },
  },
  {
    name: 'groups in another order',
    servers: [
      { 'g2/v1': {}, 'g1/v1': {} },
      { 'g1/v1': {}, 'g2/v1': {} },
    ],
    expected: { 'g2/v1': {}, 'g1/v1': {} },
    native: 'g1, g2: a contradiction is sorted by name',
  },
  {
    name: 'a verb only one server has',
    servers: [{ 'g/v1': { a: ['get', 'watch'] } }, { 'g/v1': { a: ['get', 'list'] } }],
    expected: { 'g/v1': { a: ['get', 'list', 'watch'] } },
  },
  {
    name: 'a subresource only one server has',
    servers: [{ 'g/v1': { a: ['get'], 'a/status': ['get'] } }, { 'g/v1': { a: ['get'], 'a/log': ['get'] } }],
    expected: { 'g/v1': { a: ['get'], 'a/log': ['get'], 'a/status': ['get'] } },
  },
  {
    name: 'a verb of a subresource only one server has',
    servers: [
      { 'g/v1': { a: ['get'], 'a/status': ['update'] } },
      { 'g/v1': { a: ['get'], 'a/status': ['get', 'patch'] } },
    ],
    expected: { 'g/v1': { a: ['get'], 'a/status': ['get', 'patch', 'update'] } },
    native: 'takes the subresource of one server whole',
  },
  {
    name: 'a newest server with nothing',
    servers: [{}, { 'g/v1': { a: ['get'] } }],
    expected: { 'g/v1': { a: ['get'] } },
  },
  {
    name: 'the core group',
    servers: [{ v1: { pods: ['get'] } }, { v1: { pods: ['get'], 'pods/resize': ['get'] } }],
    expected: { v1: { pods: ['get'], 'pods/resize': ['get'] } },
    native: 'does not merge /api',
  },
];

for (const { name, servers, expected, native } of cases) {
  test(`${name} merge${native === undefined ? '' : ` (native ${native})`}`, () => {
    const { api, apis } = merged(...servers);
    const wanted = discoveryOf(expected);
    assert.deepEqual(JSON.stringify({ api, apis }), JSON.stringify(wanted));
  });
}

test('nothing merges to nothing', () => {
  assert.deepEqual(mergeDiscovery([]), { api: [], apis: [], conflicts: [] });
});

test('verbs on which all servers agree keep their order', () => {
  const listing = { 'g/v1': { a: ['list', 'get'] } };
  assert.deepEqual(merged(listing, listing).apis, discoveryOf(listing).apis);
});

test('what no list of an old server describes is described by the next server that does', () => {
  const named = discoveryOf({ 'g/v1': { a: ['get'] } });
  const unnamed = serverDiscovery(
    [],
    named.apis.map((group) => ({
      ...group,
      versions: [
        {
          version: 'v1',
          resources: [
            {
              resource: 'a',
              responseKind: { group: '', version: '', kind: '' },
              scope: 'Cluster',
              singularResource: '',
              verbs: [],
            },
          ],
        },
      ],
    })),
  );
  const { apis, conflicts } = mergeDiscovery(newestFirst(unnamed, named));
  assert.deepEqual(apis, named.apis);
  assert.deepEqual(conflicts, []);
});

test("the newest server's description stands and contradictions are reported", () => {
  const describe = (fields: object, status: object) =>
    serverDiscovery(
      [],
      [
        {
          metadata: { name: 'g' },
          versions: [
            {
              version: 'v1',
              resources: [
                {
                  resource: 'a',
                  scope: 'Namespaced',
                  singularResource: '',
                  verbs: ['get'],
                  ...fields,
                  subresources: [{ subresource: 'status', verbs: ['get'], ...status }],
                },
              ],
            },
          ],
        },
      ],
    );
  const kind = (name: string, group = '', version = '') => ({ responseKind: { group, version, kind: name } });
  const newest = describe(
    { ...kind('A'), shortNames: ['x'], singularResource: 'new' },
    kind('Scale', 'autoscaling', 'v1'),
  );
  const older = describe(
    { ...kind('A', 'g', 'v1'), scope: 'Cluster', shortNames: ['y'], categories: ['all'], singularResource: 'old' },
    kind('A'),
  );
  const oldest = describe(kind('B'), {});
  const { apis, conflicts } = mergeDiscovery(newestFirst(newest, older, oldest));
  assert.deepEqual(apis, newest.apis);
  const place = { group: 'g', version: 'v1', resource: 'a', subresource: '' };
  const values = (...texts: readonly string[]) => texts.map((value, i) => ({ server: `server-${3 - i}`, value }));
  assert.deepEqual(conflicts, [
    { ...place, field: 'scope', values: values('Namespaced', 'Cluster', 'Namespaced') },
    { ...place, field: 'responseKind', values: values('g/v1 A', 'g/v1 A', 'g/v1 B') },
    { ...place, subresource: 'status', field: 'responseKind', values: values('autoscaling/v1 Scale', 'g/v1 A') },
  ]);
});

test('accepted types are united, one written in full equalling the one it inherits', () => {
  const accepting = (...acceptedTypes: readonly { group: string; version: string; kind: string }[]) => {
    const [group] = discoveryOf({ 'g/v1': { a: [] } }).apis;
    const [version] = group?.versions ?? [];
    assert.ok(group && version);
    const resources = (version.resources ?? []).map((resource) => ({
      ...resource,
      subresources: [{ subresource: 'scale', acceptedTypes, verbs: [] }],
    }));
    return serverDiscovery([], [{ ...group, versions: [{ ...version, resources }] }]);
  };
  const inherited = { group: '', version: '', kind: 'Scale' };
  const other = { group: 'extensions', version: 'v1beta1', kind: 'Scale' };
  const { apis } = mergeDiscovery(
    newestFirst(accepting(inherited), accepting(other, { group: 'g', version: 'v1', kind: 'Scale' })),
  );
  assert.deepEqual(apis, accepting(inherited, other).apis);
});

const health = (input: MergeInput | undefined, ready: boolean, fresh: boolean): MergeInput => {
  assert.ok(input);
  return { ...input, ready, fresh };
};

for (const { name, ready, fresh, stale, expected } of [
  { name: 'a ready server with a fresh document vouches', ready: true, fresh: true, stale: [], expected: 'Current' },
  { name: 'a server that is not ready does not vouch', ready: false, fresh: true, stale: [], expected: 'Stale' },
  { name: 'an old document does not vouch', ready: true, fresh: false, stale: [], expected: 'Stale' },
  { name: 'a server that says Stale does not vouch', ready: true, fresh: true, stale: ['g/v1'], expected: 'Stale' },
]) {
  test(`freshness: ${name}`, () => {
    const [newest, older] = newestFirst(
      discoveryOf({ 'g/v1': { a: ['get'] } }, stale),
      discoveryOf({ 'g/v1': { a: ['get'] }, 'h/v1': {} }),
    );
    const { apis } = mergeDiscovery([health(newest, ready, fresh), health(older, true, false)]);
    assert.deepEqual(
      apis.map(({ metadata, versions }) => [metadata.name, versions?.[0]?.freshness]),
      [
        ['g', expected],
        ['h', 'Stale'],
      ],
    );
  });
}

test('the newest version leads, then the name, and servers that have not told their version come last', () => {
  const leader = (...servers: readonly [name: string, version: MergeInput['version']][]) => {
    const inputs = servers.map(([server, version]) => {
      const discovery = discoveryOf({ [`${server}.example.com/v1`]: {} });
      return { server, version, ready: true, fresh: true, discovery };
    });
    return mergeDiscovery(inputs).apis.map(({ metadata }) => metadata.name.split('.')[0]);
  };
  const release = { major: 1, minor: 37, patch: 0 };
  assert.deepEqual(leader(['a', undefined], ['b', release]), ['b', 'a']);
  assert.deepEqual(leader(['b', release], ['a', { ...release, patch: 1 }]), ['a', 'b']);
  assert.deepEqual(leader(['b', release], ['a', release]), ['a', 'b']);
  const prerelease = { ...release, prerelease: { stage: 'rc', numbers: [1] } } as const;
  assert.deepEqual(leader(['a', prerelease], ['b', release], ['c', { major: 1, minor: 36, patch: 9 }]), [
    'b',
    'a',
    'c',
  ]);
});
