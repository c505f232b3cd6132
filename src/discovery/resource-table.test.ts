import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ResourceLookup } from './resource-lookup.ts';
import { buildResourceTable, type ResourceTable } from './resource-table.ts';
import type { ServerDiscovery } from './server-discovery.ts';
import { discoveries, VERBS } from './testing/discovery-arbitrary.ts';
import { discoveryOf, type Listing } from './testing/discovery-of.ts';
import { entriesOf } from './testing/entries.ts';
import { recordedDiscovery } from './testing/recorded-discovery.ts';

const tableOf = (...served: readonly ServerDiscovery[]) =>
  buildResourceTable(served.map((discovery, server) => ({ server, discovery })));
const listingTable = (...listings: readonly Listing[]) => tableOf(...listings.map((listing) => discoveryOf(listing)));

const capable = (...servers: readonly number[]): ResourceLookup => ({ kind: 'capable', servers, maybe: [] });

const skewed = listingTable(
  { v1: { pods: ['get', 'list'], 'pods/status': ['get'] }, 'apps/v1': { deployments: ['get', 'list'] } },
  { v1: { pods: ['get', 'list', 'watch'], 'pods/status': ['get', 'patch'], 'pods/exec': ['create', 'get'] } },
  { 'apps/v1': { deployments: ['get'], 'deployments/scale': ['get'] }, 'apps/v2': { deployments: ['get'] } },
);

type Case = readonly [key: Parameters<ResourceTable['lookup']>, expected: ResourceLookup];

const skewedCases: readonly Case[] = [
  [['', 'v1', 'pods', '', 'get'], capable(0, 1)],
  [['', 'v1', 'pods', '', 'watch'], capable(1)],
  [['', 'v1', 'pods', '', 'create'], { kind: 'incapable', lacks: 'verb', having: [0, 1], maybe: [] }],
  [['', 'v1', 'pods', 'status', 'get'], capable(0, 1)],
  [['', 'v1', 'pods', 'status', 'patch'], capable(1)],
  [['', 'v1', 'pods', 'status', 'update'], { kind: 'incapable', lacks: 'verb', having: [0, 1], maybe: [] }],
  [['', 'v1', 'pods', 'resize', 'patch'], { kind: 'incapable', lacks: 'subresource', having: [0, 1], maybe: [] }],
  [['', 'v1', 'Pods', '', 'get'], { kind: 'unknown', maybe: [] }],
  [['', 'v1', '', '', 'get'], { kind: 'unknown', maybe: [] }],
  [['', 'v2', 'pods', '', 'get'], { kind: 'unknown', maybe: [] }],
  [['apps', 'v1', 'pods', '', 'get'], { kind: 'unknown', maybe: [] }],
  [['core', 'v1', 'pods', '', 'get'], { kind: 'unknown', maybe: [] }],
  [['apps', 'v1', 'deployments', '', 'get'], capable(0, 2)],
  [['apps', 'v1', 'deployments', 'scale', 'get'], capable(2)],
  [['apps', 'v2', 'deployments', '', 'get'], capable(2)],
  // Verbs that do not come from a method Kubernetes knows.
  [['', 'v1', 'pods', '', ''], capable(0, 1)],
  [['apps', 'v1', 'deployments', 'scale', ''], capable(2)],
  [['', 'v1', 'pods', '', 'options'], capable(0, 1)],
  // Connections, of which discovery lists HTTP methods.
  [['', 'v1', 'pods', 'exec', 'get'], capable(1)],
  [['', 'v1', 'pods', 'exec', 'delete'], capable(1)],
  [['', 'v1', 'pods', 'exec', 'watch'], capable(1)],
  [['', 'v1', 'pods', 'proxy', 'get'], { kind: 'incapable', lacks: 'subresource', having: [0, 1], maybe: [] }],
];

for (const [key, expected] of skewedCases) {
  test(`${key.join(' ')} is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(skewed.lookup(...key), expected);
  });
}

const recorded = tableOf(recordedDiscovery('1.34.4'), recordedDiscovery('1.36.3'), recordedDiscovery('1.37.2'));

const recordedCases: readonly Case[] = [
  [['', 'v1', 'pods', 'exec', 'create'], capable(0, 1, 2)],
  [['', 'v1', 'services', 'proxy', 'update'], capable(0, 1, 2)],
  [['', 'v1', 'nodes', '', 'proxy'], capable(0, 1, 2)],
  [['', 'v1', 'configmaps', '', 'proxy'], { kind: 'incapable', lacks: 'subresource', having: [0, 1, 2], maybe: [] }],
  [['', 'v1', 'pods', '', 'watch'], capable(0, 1, 2)],
  [['', 'v1', 'componentstatuses', '', 'watch'], { kind: 'incapable', lacks: 'verb', having: [0, 1, 2], maybe: [] }],
  [['storage.k8s.io', 'v1', 'csinodes', 'status', 'patch'], capable(2)],
  [['storagemigration.k8s.io', 'v1', 'storageversionmigrations', '', 'create'], capable(2)],
  [['admissionregistration.k8s.io', 'v1', 'mutatingadmissionpolicies', '', 'list'], capable(1, 2)],
];

for (const [key, expected] of recordedCases) {
  test(`1.34.4, 1.36.3 and 1.37.2: ${key.join(' ')} is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(recorded.lookup(...key), expected);
  });
}

const down = (listing: Listing) => discoveryOf(listing, Object.keys(listing));

for (const { name, servers, expected } of [
  {
    name: 'an empty Stale list leaves an unknown resource possible',
    servers: [down({ 'g/v1': {} }), discoveryOf({ 'g/v1': { b: ['get'] } })],
    expected: { kind: 'unknown', maybe: [0] },
  },
  {
    name: 'an empty Stale list leaves a missing verb possible',
    servers: [down({ 'g/v1': {} }), discoveryOf({ 'g/v1': { a: ['list'] } })],
    expected: { kind: 'incapable', lacks: 'verb', having: [1], maybe: [0] },
  },
  {
    name: 'an empty Stale list does not count beside a capable Current one',
    servers: [down({ 'g/v1': {} }), discoveryOf({ 'g/v1': { a: ['get'] } })],
    expected: capable(1),
  },
  {
    name: 'an empty Stale list counts beside a capable Stale one',
    servers: [down({ 'g/v1': {} }), down({ 'g/v1': { a: ['get'] } })],
    expected: { kind: 'capable', servers: [1], maybe: [0] },
  },
  {
    name: 'a Stale list with resources counts as listed',
    servers: [down({ 'g/v1': { b: ['get'] } }), down({ 'g/v1': { a: ['get'] } })],
    expected: capable(1),
  },
  {
    name: 'an empty Current list leaves nothing possible',
    servers: [discoveryOf({ 'g/v1': {} })],
    expected: { kind: 'unknown', maybe: [] },
  },
] as const) {
  test(name, () => {
    assert.deepEqual(tableOf(...servers).lookup('g', 'v1', 'a', '', 'get'), expected);
  });
}

test('what one group-version leaves possible does not spread to another', () => {
  const table = tableOf(down({ 'g/v1': {} }), down({ 'g/v1': { a: ['get'] }, 'h/v1': { a: ['get'] } }));
  assert.deepEqual(table.lookup('g', 'v1', 'a', '', 'get'), { kind: 'capable', servers: [1], maybe: [0] });
  assert.deepEqual(table.lookup('h', 'v1', 'a', '', 'get'), capable(1));
});

test('servers keep their own indexes, ascending whatever the order of the inputs', () => {
  const discovery = discoveryOf({ 'g/v1': { a: ['get'] } });
  const table = buildResourceTable([7, 3, 5].map((server) => ({ server, discovery })));
  assert.deepEqual(table.lookup('g', 'v1', 'a', '', 'get'), capable(3, 5, 7));
});

test('equal sets of servers are one array, over all groups, resources and verbs', () => {
  const sets = new Set<readonly number[]>();
  const texts = new Set<string>();
  for (const discovery of [recordedDiscovery('1.34.4'), recordedDiscovery('1.37.2')]) {
    for (const { group, version, resource = '', subresource = '', verb = '' } of entriesOf(discovery)) {
      for (const sub of [subresource, 'none']) {
        const found = recorded.lookup(group, version, resource, sub, verb);
        assert.equal(found, recorded.lookup(group, version, resource, sub, verb));
        if (found.kind === 'unknown') continue;
        const servers = found.kind === 'capable' ? found.servers : found.having;
        sets.add(servers);
        texts.add(servers.join());
      }
    }
  }
  assert.ok(sets.size > 1);
  assert.equal(sets.size, texts.size);
});

test('a look-up agrees with a search through the documents', () => {
  const setting = fc.array(discoveries, { maxLength: 4 }).chain((served) => {
    const entries = [...new Set(served.flatMap((discovery) => [...entriesOf(discovery)]))];
    const anyone = fc.record({
      group: fc.constantFrom('', 'apps', 'batch', '__proto__', 'none'),
      version: fc.constantFrom('v1', 'v2'),
      resource: fc.constantFrom('a', 'b', 'constructor', 'none'),
    });
    const type = entries.length === 0 ? anyone : fc.oneof(fc.constantFrom(...entries), anyone);
    const subresource = fc.constantFrom('', 'status', 'exec', 'proxy', 'none');
    const verb = fc.constantFrom('', 'proxy', 'options', ...VERBS);
    return fc.tuple(fc.constant(served), type, subresource, verb);
  });
  fc.assert(
    fc.property(setting, ([served, { group, version, resource = '' }, subresource, verb]) => {
      const found = tableOf(...served).lookup(group, version, resource, subresource, verb);
      assert.deepEqual(found, search(served, { group, version, resource, subresource, verb }));
    }),
    { numRuns: 1000 },
  );
});

/** The documented meaning, straight from the documents. */
function search(
  served: readonly ServerDiscovery[],
  asked: { group: string; version: string; resource: string; subresource: string; verb: string },
): ResourceLookup {
  const wanted = asked.verb === 'proxy' ? 'proxy' : asked.subresource;
  const listings = served.flatMap(({ api, apis }, server) =>
    [...api, ...apis]
      .filter(({ metadata }) => metadata.name === asked.group)
      .flatMap(({ versions = [] }) => versions)
      .filter(({ version }) => version === asked.version)
      .map((list) => ({ server, list })),
  );
  const maybe = listings
    .filter(({ list }) => list.freshness === 'Stale' && (list.resources ?? []).length === 0)
    .map(({ server }) => server);
  const having = listings.flatMap(({ server, list }) =>
    (list.resources ?? [])
      .filter((entry) => entry.resource === asked.resource)
      .map((entry) => ({ server, list, entry })),
  );
  if (having.length === 0) return { kind: 'unknown', maybe };
  const endpoints = having.flatMap(({ server, list, entry }) =>
    (wanted === '' ? [entry] : (entry.subresources ?? []).filter((sub) => sub.subresource === wanted)).map(
      ({ verbs }) => ({
        server,
        list,
        verbs,
      }),
    ),
  );
  const servers = (entries: readonly { readonly server: number }[]) => entries.map(({ server }) => server);
  if (endpoints.length === 0) return { kind: 'incapable', lacks: 'subresource', having: servers(having), maybe };
  const byListing = !VERBS.includes(asked.verb) || ['attach', 'exec', 'portforward', 'proxy'].includes(wanted);
  const able = endpoints.filter(({ verbs }) => byListing || verbs.includes(asked.verb));
  if (able.length === 0) return { kind: 'incapable', lacks: 'verb', having: servers(endpoints), maybe };
  const certain = able.some(({ list }) => list.freshness === 'Current');
  return { kind: 'capable', servers: servers(able), maybe: certain ? [] : maybe };
}

test('the scope of a resource is told where all who list it agree', () => {
  const of = (scope: string): ServerDiscovery => {
    const discovery = structuredClone(discoveryOf({ v1: { pods: ['get'] } }));
    for (const { versions } of discovery.api) {
      for (const { resources } of versions ?? [])
        for (const resource of resources ?? []) Object.assign(resource, { scope });
    }
    return discovery;
  };
  const table = (...scopes: readonly string[]) =>
    buildResourceTable(scopes.map((scope, server) => ({ server, discovery: of(scope) })));
  assert.equal(table('Namespaced', 'Namespaced').scope('', 'v1', 'pods'), 'Namespaced');
  assert.equal(table('Cluster').scope('', 'v1', 'pods'), 'Cluster');
  assert.equal(table('Cluster', 'Namespaced').scope('', 'v1', 'pods'), undefined);
  assert.equal(table('Cluster').scope('', 'v1', 'nodes'), undefined);
  assert.equal(table('Cluster').scope('apps', 'v1', 'pods'), undefined);
});
