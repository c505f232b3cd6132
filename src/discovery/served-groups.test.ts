import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildResourceTable, type ResourceTable, resourceTableOf } from './resource-table.ts';
import { type ServedDocument, type ServedGroups, servedGroups } from './served-groups.ts';
import type { ServerDiscovery } from './server-discovery.ts';
import { discoveries } from './testing/discovery-arbitrary.ts';
import { discoveryOf } from './testing/discovery-of.ts';
import { entriesOf } from './testing/entries.ts';

const OLD = discoveryOf({ v1: { pods: ['get'] }, 'apps/v1': { deployments: ['get'] } });
const NEW = discoveryOf({ v1: { pods: ['get', 'list'] }, 'apps/v1': { deployments: ['get'] }, 'x/v1': { a: ['get'] } });

const inputsOf = (documents: readonly ServerDiscovery[]): ServedDocument[] =>
  documents.map((discovery, server) => ({ server, discovery }));

/** `count` servers, of which every third has another document. */
const crowd = (count: number) => inputsOf(Array.from({ length: count }, (_, i) => (i % 3 === 0 ? OLD : NEW)));

test('every description of a group stands there once, with all who share it', () => {
  const { groups } = servedGroups(crowd(6));
  assert.deepEqual(
    groups.get('')?.map(({ servers }) => servers),
    [
      [0, 3],
      [1, 2, 4, 5],
    ],
  );
  assert.deepEqual(
    groups.get('x')?.map(({ servers }) => servers),
    [[1, 2, 4, 5]],
  );
});

test('servers with equal documents add nothing to what is kept of groups', () => {
  const size = (count: number) => {
    const { groups, sets } = servedGroups(crowd(count));
    return [...groups.values()].flat().length + sets.size;
  };
  assert.equal(size(500), size(5));
});

test('groups that did not change are the same objects afterwards', () => {
  const before = servedGroups(crowd(9));
  const [apps] = NEW.apis;
  assert.ok(apps);
  const changed: ServerDiscovery = { api: NEW.api, apis: [apps, ...discoveryOf({ 'x/v1': { a: ['list'] } }).apis] };
  const inputs = crowd(9).map((input) => (input.server === 4 ? { server: 4, discovery: changed } : input));
  const after = servedGroups(inputs, before);
  const [one, other] = [before.groups.get('x'), after.groups.get('x')];
  assert.notEqual(other, one);
  assert.deepEqual(
    other?.map(({ servers }) => servers),
    [[1, 2, 5, 7, 8], [4]],
  );
  const equal = servedGroups(crowd(9), before);
  for (const [name, group] of before.groups) assert.equal(equal.groups.get(name), group);
});

test('a look-up in a table that followed others is that of a table made anew', () => {
  const served = fc
    .array(discoveries, { minLength: 1, maxLength: 3 })
    .chain((documents) => fc.array(fc.array(mixed(documents), { maxLength: 6 }), { minLength: 1, maxLength: 4 }));
  fc.assert(
    fc.property(served, (steps) => {
      let previous: ServedGroups | undefined;
      for (const documents of steps) {
        previous = servedGroups(inputsOf(documents), previous);
        assert.deepEqual(
          answers(resourceTableOf(previous), steps.flat()),
          answers(tableOfCopies(documents), steps.flat()),
        );
      }
    }),
    { numRuns: 200 },
  );
});

/** One of some documents, or the groups of one beside those of another. */
function mixed(documents: readonly ServerDiscovery[]): fc.Arbitrary<ServerDiscovery> {
  const one = fc.constantFrom(...documents);
  return fc.oneof(
    one,
    fc.tuple(one, one).map(([{ api }, { apis }]) => ({ api, apis })),
  );
}

/** Of servers that share nothing. */
function tableOfCopies(documents: readonly ServerDiscovery[]): ResourceTable {
  return buildResourceTable(inputsOf(documents.map((document) => structuredClone(document))));
}

function answers(table: ResourceTable, documents: readonly ServerDiscovery[]) {
  return documents.flatMap((document) =>
    [...entriesOf(document)].map(({ group, version, resource = '', subresource = '', verb = '' }) =>
      table.lookup(group, version, resource, subresource, verb),
    ),
  );
}
