import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { encodeOpenAPIIndex, NO_OPENAPI, openAPIAddress } from './openapi-index.ts';
import { type OpenAPIInput, uniteOpenAPI } from './openapi-union.ts';

const hash = (text: string) => `<${text.replaceAll('\n', ' ')}>`;

/** A server that serves types (`group/version` to its resources) and calls each document by its own name. */
function server(name: string, types: Readonly<Record<string, readonly string[]>>): OpenAPIInput {
  const paths = ['version', ...Object.keys(types).map(pathOf)];
  const listing = Object.fromEntries(
    Object.entries(types).map(([version, resources]) => [
      version,
      Object.fromEntries(resources.map((resource) => [resource, ['get']])),
    ]),
  );
  return {
    index: new Map(paths.map((path) => [path, { url: openAPIAddress(path, name), hash: name }])),
    discovery: discoveryOf(listing),
  };
}

const pathOf = (version: string) => (version.includes('/') ? `apis/${version}` : `api/${version}`);

describe('the union of indexes', () => {
  const types = fc.dictionary(
    fc.constantFrom('v1', 'a.io/v1', 'a.io/v2', 'b.io/v1'),
    fc
      .uniqueArray(fc.constantFrom('b', 'b/status', 'c', 'd'), { minLength: 1 })
      .map((names) => [...new Set(['b', ...names])].sort()),
    { noNullPrototype: true },
  );
  const servers = fc
    .array(types, { minLength: 1, maxLength: 4 })
    .map((all) => all.map((some, i) => ({ some, input: server(`s${i}`, some) })));

  test('has every path that a server lists, with the entry of the first that does, unless it is merged', () => {
    fc.assert(
      fc.property(servers, (all) => {
        const {
          index,
          merged,
          servers: listing,
        } = uniteOpenAPI(
          all.map(({ input }) => input),
          hash,
        );
        const paths = new Set(all.flatMap(({ input }) => [...(input.index?.keys() ?? [])]));
        assert.deepEqual(new Set(index.keys()), paths);
        for (const path of paths) {
          const having = all.flatMap(({ input }, i) => (input.index?.has(path) ? [i] : []));
          assert.deepEqual(listing.get(path), having);
          const [first = -1] = having;
          if (!merged.has(path)) assert.deepEqual(index.get(path), all[first]?.input.index?.get(path));
          else assert.deepEqual(index.get(path), merged.get(path));
        }
      }),
    );
  });

  test('contradicts discovery nowhere: the parts of each document have all types of its group-version', () => {
    fc.assert(
      fc.property(servers, (all) => {
        const { merged, servers: listing } = uniteOpenAPI(
          all.map(({ input }) => input),
          hash,
        );
        for (const version of new Set(all.flatMap(({ some }) => Object.keys(some)))) {
          const path = pathOf(version);
          const parts = merged.get(path)?.parts.map((part) => part.server) ?? listing.get(path)?.slice(0, 1) ?? [];
          const covered = new Set(parts.flatMap((part) => all[part]?.some[version] ?? []));
          assert.deepEqual(covered, new Set(all.flatMap(({ some }) => some[version] ?? [])));
          // And none of them is superfluous.
          for (const [i, part] of parts.entries()) {
            const before = new Set(parts.slice(0, i).flatMap((earlier) => all[earlier]?.some[version] ?? []));
            assert.ok(i === 0 || all[part]?.some[version]?.some((type) => !before.has(type)));
          }
        }
      }),
    );
  });

  test('of one server is its own index', () => {
    const one = server('s', { v1: ['pods'], 'a.io/v1': ['a'] });
    const { index, merged } = uniteOpenAPI([one], hash);
    assert.equal(encodeOpenAPIIndex(index), encodeOpenAPIIndex(one.index ?? NO_OPENAPI));
    assert.equal(merged.size, 0);
  });
});

test('a merged document has an address and a hash of ours, which its parts decide', () => {
  const newer = server('new', { 'a.io/v1': ['a'], 'b.io/v1': ['b'] });
  const older = server('old', { 'a.io/v1': ['a', 'gone'], 'b.io/v1': ['b'] });
  const { index, merged } = uniteOpenAPI([newer, older], hash);
  assert.deepEqual([...merged.keys()], ['apis/a.io/v1']);
  const parts = [
    { server: 0, hash: 'new' },
    { server: 1, hash: 'old' },
  ];
  const expected = { url: '/openapi/v3/apis/a.io/v1?hash=<merged new old>', hash: '<merged new old>', parts };
  assert.deepEqual(index.get('apis/a.io/v1'), expected);
});

test('a subresource that the newest server lacks is reason enough', () => {
  const inputs = [server('new', { v1: ['pods'] }), server('old', { v1: ['pods', 'pods/old'] })];
  assert.deepEqual([...uniteOpenAPI(inputs, hash).merged.keys()], ['api/v1']);
});

test('equal documents are one part, whatever discovery says', () => {
  const [newer, older] = [server('same', { v1: ['a'] }), server('same', { v1: ['a', 'b'] })];
  assert.equal(uniteOpenAPI([newer, older], hash).merged.size, 0);
});

test('a server whose document lacks the path adds nothing to it', () => {
  const older = { ...server('old', { v1: ['a', 'b'] }), index: NO_OPENAPI };
  const { merged, servers } = uniteOpenAPI([server('new', { v1: ['a'] }), older], hash);
  assert.equal(merged.size, 0);
  assert.deepEqual(servers.get('api/v1'), [0]);
});

test('servers whose index was never read are named', () => {
  const unread = { index: undefined, discovery: discoveryOf({ v1: { pods: ['get'] } }) };
  const { unread: positions, index } = uniteOpenAPI([unread, server('s', { v1: ['pods'] }), unread], hash);
  assert.deepEqual(positions, [0, 2]);
  assert.equal(index.size, 2);
});

test('that servers share documents changes nothing, and equal sets of servers are one array', () => {
  const [old, recent] = [server('old', { v1: ['a', 'b'] }), server('new', { v1: ['a', 'c'], 'x.io/v1': ['d'] })];
  const copy = ({ index, discovery }: OpenAPIInput) => ({
    index: index && new Map(index),
    discovery: structuredClone(discovery),
  });
  const shared = [recent, old, old, recent, old, { index: undefined, discovery: undefined }];
  const united = uniteOpenAPI(shared, hash);
  assert.deepEqual(united, uniteOpenAPI(shared.map(copy), hash));
  assert.deepEqual(united.servers.get('apis/x.io/v1'), [0, 3]);
  assert.deepEqual(
    united.merged.get('api/v1')?.parts.map((part) => part.server),
    [0, 1],
  );
  assert.equal(united.servers.get('version'), united.servers.get('api/v1'));
});
