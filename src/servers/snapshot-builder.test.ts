import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeUpstream } from '../../test/support/fake-upstream.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { parseServerVersion } from '../kubernetes/kube-version.ts';
import { NO_LISTING } from './openapi/openapi-view.ts';
import {
  inSnapshotOrder,
  mergeInputs,
  type ServerReport,
  SnapshotBuilder,
  type SnapshotInput,
} from './snapshot-builder.ts';

function report(name: string, version: string, overrides: Partial<ServerReport> = {}): ServerReport {
  const { discovery } = { discovery: discoveryOf({ v1: { pods: ['get'] } }), ...overrides };
  return {
    name,
    local: false,
    version: parseServerVersion(version),
    ready: true,
    condition: '',
    discovery,
    announced: { version: parseServerVersion(version), discovery },
    readAt: 1_000,
    readable: true,
    confirmedAt: 1_000,
    backend: {
      name,
      asserted: undefined,
      own: new FakeUpstream(),
      unproven: new FakeUpstream(),
      anonymous: new FakeUpstream(),
      conditions: { '/api': undefined, '/apis': undefined },
    },
    openapi: undefined,
    ...overrides,
  };
}

function build(
  reports: readonly ServerReport[],
  overrides: Partial<SnapshotInput> = {},
  builder = new SnapshotBuilder(),
) {
  const openapi = { listing: NO_LISTING, published: undefined };
  const input = {
    generation: 3,
    reports: builder.order(reports),
    view: 'merged',
    published: undefined,
    openapi,
    incompleteUntil: 9_000,
  } as const;
  return builder.build({ ...input, ...overrides });
}

const REPORTS = [
  report('d', 'unknown'),
  report('b', '1.36.0'),
  report('e', '1.37.0-rc.1'),
  report('c', '1.37.0'),
  report('a', '1.36.0'),
  report('f', 'unknown'),
];

test('servers stand newest first, equals and the unknown by name', () => {
  const { servers, backends, positions } = build(REPORTS);
  const names = ['c', 'e', 'a', 'b', 'd', 'f'];
  assert.deepEqual(
    servers.map(({ name }) => name),
    names,
  );
  assert.deepEqual(
    backends.map(({ name }) => name),
    names,
  );
  assert.deepEqual(
    [...positions],
    [...names.entries()].map(([position, name]) => [name, position]),
  );
});

test('servers of equal version have one rank, older ones a greater one', () => {
  assert.deepEqual(
    build(REPORTS).servers.map(({ ageRank }) => ageRank),
    [0, 1, 2, 2, 3, 3],
  );
});

test('the order does not depend on the order of the reports', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(REPORTS, { minLength: REPORTS.length }), (shuffled) => {
      assert.deepEqual(inSnapshotOrder(shuffled), inSnapshotOrder(REPORTS));
    }),
  );
});

test('tables count servers as the snapshot does, and leave out who was never read', () => {
  const reports = [
    report('old', '1.36.0', { discovery: discoveryOf({ 'example.com/v1': { widgets: ['get'] } }) }),
    report('unseen', '1.37.0', { discovery: undefined, confirmedAt: 0 }),
    report('new', '1.37.0', { discovery: discoveryOf({ 'example.com/v1': { widgets: ['get'], gadgets: ['get'] } }) }),
  ];
  const { servers, table, groups } = build(reports);
  assert.deepEqual(
    servers.map(({ name, known }) => [name, known]),
    [
      ['new', true],
      ['unseen', false],
      ['old', true],
    ],
  );
  const serving = (resource: string) => {
    const found = table.lookup('example.com', 'v1', resource, '', 'get');
    return found.kind === 'capable' ? found.servers : [];
  };
  assert.deepEqual([serving('widgets'), serving('gadgets')], [[0, 2], [0]]);
  assert.deepEqual(groups.serversOf('example.com', 'v1'), [0, 2]);
});

test('readiness, condition and version are those of the reports', () => {
  const [server] = build([report('a', '1.36.3', { ready: false, condition: 'down' })]).servers;
  assert.deepEqual(server, {
    name: 'a',
    version: { major: 1, minor: 36, patch: 3 },
    ageRank: 0,
    ready: false,
    condition: 'down',
    known: true,
    readAt: 1_000,
    readable: true,
  });
});

test('the local server is known by its place', () => {
  assert.equal(build(REPORTS).local, undefined);
  assert.equal(build([report('a', '1.37.0'), report('b', '1.36.0', { local: true })]).local, 1);
});

test('the snapshot is as old as the oldest confirmation of a ready server', () => {
  const reports = [
    report('a', '1.37.0', { confirmedAt: 3_000 }),
    report('b', '1.37.0', { confirmedAt: 2_000 }),
    report('c', '1.37.0', { confirmedAt: 1_000, ready: false }),
  ];
  assert.equal(build(reports).confirmedAt, 2_000);
  assert.equal(build([]).confirmedAt, Number.POSITIVE_INFINITY);
});

test('unknown types are in doubt until the time given, unless every server was read', () => {
  const unseen = report('b', '1.36.0', { discovery: undefined, ready: false });
  assert.equal(build([report('a', '1.37.0'), unseen]).incompleteUntil, 9_000);
  assert.equal(build([report('a', '1.37.0'), report('b', '1.36.0', { ready: false })]).incompleteUntil, 0);
});

test('the rest is passed on', () => {
  const { generation, view, published } = build(REPORTS, { view: 'server-local' });
  assert.deepEqual([generation, view, published], [3, 'server-local', undefined]);
});

test('a server takes part in the merge once it was read, and vouches for it while that was recent', () => {
  const reports = [
    report('a', '1.37.0', { confirmedAt: 1_000 }),
    report('b', '1.37.0', { confirmedAt: 1_001, ready: false }),
    report('c', '1.37.0', { discovery: undefined, confirmedAt: 0 }),
  ];
  assert.deepEqual(
    mergeInputs(reports, 11_000, 10_000).map(({ server, ready, fresh }) => [server, ready, fresh]),
    [
      ['a', true, false],
      ['b', false, true],
    ],
  );
});

/** Many servers of three versions, whose documents are one for each version. */
function crowd(count: number): ServerReport[] {
  const documents = ['a', 'b', 'c'].map((resource) => discoveryOf({ v1: { pods: ['get'], [resource]: ['get'] } }));
  return Array.from({ length: count }, (_, i) => {
    const discovery = documents[i % 3];
    return report(`server-${i}`, `1.${35 + (i % 3)}.0`, { discovery });
  });
}

test('a server that is not ready any more changes its own entry, and nothing else is made anew', () => {
  const builder = new SnapshotBuilder();
  const reports = crowd(100);
  const before = build(reports, {}, builder);
  const flipped = reports.map((each, i) => (i === 50 ? { ...each, ready: false } : each));
  const after = build(flipped, {}, builder);
  const position = after.positions.get('server-50') ?? -1;
  assert.equal(after.servers[position]?.ready, false);
  assert.equal(before.servers[position]?.ready, true);
  assert.equal(after.servers.filter((server, i) => server !== before.servers[i]).length, 1);
  assert.equal(after.groups, before.groups);
  assert.equal(after.table, before.table);
  assert.equal(after.positions, before.positions);
});

test('without a change even the list of servers is the same', () => {
  const builder = new SnapshotBuilder();
  const reports = crowd(10);
  assert.equal(build(reports, {}, builder).servers, build([...reports], {}, builder).servers);
});

test('a snapshot that followed others is that of the same reports alone', () => {
  const documents = [undefined, { v1: { a: ['get'] } }, { v1: { a: ['get'], b: ['get'] } }].map(
    (listing) => listing && discoveryOf(listing),
  );
  const one = fc
    .record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      version: fc.constantFrom('1.36.0', '1.37.0', 'unknown'),
      ready: fc.boolean(),
      discovery: fc.constantFrom(...documents),
      local: fc.boolean(),
      readAt: fc.nat(3),
    })
    .map(({ name, version, ...overrides }) => report(name, version, overrides));
  const some = fc.uniqueArray(one, { selector: ({ name }) => name, maxLength: 5 });
  const lookups = ({ table, groups }: ReturnType<typeof build>) => [
    table.lookup('', 'v1', 'a', '', 'get'),
    table.lookup('', 'v1', 'b', '', 'get'),
    groups.serversOf('', 'v1'),
  ];
  fc.assert(
    fc.property(fc.array(some, { minLength: 1, maxLength: 6 }), (steps) => {
      const builder = new SnapshotBuilder();
      for (const reports of steps) {
        const { table, groups, ...followed } = build(reports, {}, builder);
        const { table: newTable, groups: newGroups, ...alone } = build(reports);
        assert.deepEqual(followed, alone);
        assert.deepEqual(
          lookups({ ...followed, table, groups }),
          lookups({ ...alone, table: newTable, groups: newGroups }),
        );
      }
    }),
  );
});
