import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BelievedServer, type MeshProxy, SidecarMesh } from '../../test/support/sidecar-mesh.ts';
import type { Listing } from '../discovery/testing/discovery-of.ts';
import { requestInfo } from '../kubernetes/request-info.ts';
import { fieldValues } from '../wire/fields.ts';

const VERBS = ['get', 'list', 'watch', 'create'];
const PODS: Listing = { v1: { pods: VERBS } };
const WIDGETS: Listing = { 'example.com/v1': { widgets: VERBS, 'widgets/status': ['get'] } };
const DOCUMENT = 'apis/example.com/v1';

const listing: fc.Arbitrary<Listing | undefined> = fc.constantFrom(
  PODS,
  { ...PODS, ...WIDGETS },
  WIDGETS,
  {},
  undefined,
);
const TARGETS: readonly (readonly [method: string, target: string])[] = [
  ['GET', '/apis/example.com/v1/widgets/x'],
  ['GET', '/apis/example.com/v1/widgets/x/status'],
  ['POST', '/apis/example.com/v1/namespaces/a/widgets'],
  ['PUT', '/apis/example.com/v1/widgets/x'],
  ['GET', '/api/v1/namespaces/a/pods/x'],
  ['GET', '/apis/none.example/v1/things'],
  ['GET', '/apis/example.com/v1'],
  ['GET', '/apis/none.example'],
  ['GET', `/openapi/v3/${DOCUMENT}`],
  ['GET', '/openapi/v3'],
  ['GET', '/openapi/v2'],
  ['GET', '/apis'],
  ['GET', '/version'],
  ['GET', '/readyz'],
];

const believed = (at: string): fc.Arbitrary<BelievedServer> =>
  fc.record({
    at: fc.constant(at),
    minor: fc.constantFrom(37, 36, 35),
    serves: listing,
    openapi: fc.constantFrom([DOCUMENT], [], undefined),
    ready: fc.constantFrom(true, true, true, false),
  });

/** A proxy's servers, newest first, each with a name; the first of `places` is the local one if it is a sidecar. */
function proxyAt(places: readonly string[], isSidecar: boolean, distrusts: boolean): fc.Arbitrary<MeshProxy> {
  return fc.tuple(...places.map(believed)).map((servers) => {
    const sorted = servers.toSorted((one, other) => (other.minor ?? 0) - (one.minor ?? 0));
    const local = isSidecar ? sorted.findIndex(({ at }) => at === places[0]) : undefined;
    return { servers: sorted.map((server) => ({ ...server, name: `at-${server.at}` })), local, distrusts };
  });
}

const FORGED: readonly (readonly string[])[] = [
  [],
  [],
  ['x-kubernetes-peer-proxied', 'true'],
  ['x-mvproxy-via', 'somebody'],
  ['x-kubernetes-peer-proxied', 'true', 'x-mvproxy-via', 'a, b'],
];

const request = fc.record({
  asked: fc.constantFrom(...TARGETS),
  as: fc.constantFrom('alice', 'token', 'nobody'),
  forged: fc.constantFrom(...FORGED),
} as const);

const truth = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });

/** Its servers know their types or not, whatever the tables say. */
function serving(knows: readonly boolean[]): (apiServer: string) => boolean {
  return (apiServer) => knows[Number(apiServer.slice(1))] === true;
}

const names = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** Every sidecar has its own API server, and all others as peers through their sidecars. */
const ring = fc.integer({ min: 2, max: 4 }).chain((count) =>
  fc.tuple(
    ...names(count, 'p').map((self, index) =>
      fc.boolean().chain((distrusts) => {
        const peers = names(count, 'p').filter((name) => name !== self);
        return proxyAt([`a${index}`, ...peers], true, distrusts);
      }),
    ),
  ),
);

const RUNS = { numRuns: 400 };

/** 401 is that of a proxy which takes its peer for no front proxy. */
const ANSWERS = new Set([200, 401, 404, 503]);

test('sidecars with contradicting tables send a request from one to another at most once, whoever sends it', async () => {
  let forwarded = 0;
  await fc.assert(
    fc.asyncProperty(ring, request, truth, async (proxies, { asked: [method, target], as, forged }, knows) => {
      const mesh = new SidecarMesh(proxies, serving(knows));
      const { status } = await mesh.ask('p0', { method, target, fields: forged }, as);
      assert.ok(ANSWERS.has(status), String(status));
      const atProxies = mesh.arrivals.filter(({ at }) => at.startsWith('p'));
      const lengths = atProxies.map(({ path }) => path.length);
      assert.ok(Math.max(...lengths) <= 1, JSON.stringify(mesh.arrivals.map(({ at, path }) => [at, path])));
      // Each sidecar is tried once at most, but for repetitions on the one that refused.
      assert.ok(mesh.arrivals.length <= 4 * proxies.length, `${mesh.arrivals.length} arrivals`);
      if (lengths.includes(1)) forwarded++;
    }),
    RUNS,
  );
  assert.ok(forwarded > RUNS.numRuns / 20, `only ${forwarded} requests went to another sidecar`);
});

test('so it is with a request to switch protocols', async () => {
  let forwarded = 0;
  await fc.assert(
    fc.asyncProperty(ring, request, truth, async (proxies, { as, forged }, knows) => {
      const mesh = new SidecarMesh(proxies, serving(knows));
      const status = await mesh.askToSwitch('p0', '/apis/example.com/v1/widgets?watch=true', forged, as);
      assert.ok(ANSWERS.has(status), String(status));
      const lengths = mesh.arrivals.filter(({ at }) => at.startsWith('p')).map(({ path }) => path.length);
      assert.ok(Math.max(...lengths) <= 1, JSON.stringify(mesh.arrivals.map(({ at, path }) => [at, path])));
      if (lengths.includes(1)) forwarded++;
    }),
    { numRuns: 150 },
  );
  assert.ok(forwarded > 5, `only ${forwarded} requests went to another sidecar`);
});

/** Anybody may be anybody's local server or peer, himself included; some are gateways. */
const tangle = fc.integer({ min: 1, max: 5 }).chain((count) => {
  const places = [...names(count, 'p'), 'a0', 'a1'];
  const proxy = fc
    .tuple(fc.shuffledSubarray(places, { minLength: 1 }), fc.boolean(), fc.constantFrom(false, false, true))
    .chain(([chosen, isSidecar, distrusts]) => proxyAt(chosen, isSidecar, distrusts));
  return fc.tuple(...names(count, 'p').map(() => proxy));
});

test('lists of servers that lead in circles, through gateways, sidecars and oneself, end every request soon', async () => {
  let circular = 0;
  await fc.assert(
    fc.asyncProperty(tangle, request, truth, async (proxies, { asked: [method, target], as, forged }, knows) => {
      const mesh = new SidecarMesh(proxies, serving(knows));
      const { status } = await mesh.ask('p0', { method, target, fields: forged }, as);
      assert.ok(ANSWERS.has(status), String(status));
      for (const { at, path } of mesh.arrivals) {
        // It may come back once, to be refused; nobody sends it on a second time.
        assert.equal(new Set(path).size, path.length, `${path.join(' > ')} > ${at}`);
        assert.ok(path.length <= 3);
        if (path.includes(at)) circular++;
      }
      assert.ok(mesh.arrivals.length <= 100, `${mesh.arrivals.length} arrivals`);
    }),
    RUNS,
  );
  assert.ok(circular > RUNS.numRuns / 20, `only ${circular} requests came back`);
});

/** As `ring`, with tables that are true and all servers ready. */
const trueRing = fc.array(fc.constantFrom<Listing>(PODS, { ...PODS, ...WIDGETS }), { minLength: 2, maxLength: 4 });

function trueProxies(truths: readonly Listing[], view?: MeshProxy['view']): MeshProxy[] {
  return truths.map((_, self) => ({
    local: self,
    view,
    servers: truths.map((serves, index) => ({
      at: index === self ? `a${index}` : `p${index}`,
      name: `node-${index}`,
      minor: 37,
      serves,
    })),
  }));
}

function trulyServing(truths: readonly Listing[]): ConstructorParameters<typeof SidecarMesh>[1] {
  return (apiServer, { method, target }) => {
    const { apiGroup, apiVersion, resource, isResourceRequest } = requestInfo(method, target);
    const serves = truths[Number(apiServer.slice(1))];
    return (
      !isResourceRequest ||
      serves?.[apiGroup === '' ? apiVersion : `${apiGroup}/${apiVersion}`]?.[resource] !== undefined
    );
  };
}

test('with true tables everybody gets what any server serves, through whichever sidecar, as himself', async () => {
  await fc.assert(
    fc.asyncProperty(trueRing, fc.constantFrom('alice', 'token', 'nobody'), async (truths, as) => {
      const mesh = new SidecarMesh(trueProxies(truths), trulyServing(truths));
      const { status } = await mesh.ask(
        'p0',
        { method: 'GET', target: '/apis/example.com/v1/widgets/x', fields: [] },
        as,
      );
      assert.equal(status, truths.some((serves) => 'example.com/v1' in serves) ? 200 : 404);
      const last = mesh.arrivals.at(-1);
      assert.ok(last !== undefined);
      assert.match(last.at, /^a/);
      assert.deepEqual(fieldValues(last.fields, 'x-remote-user'), as === 'alice' ? ['alice'] : []);
      assert.deepEqual(fieldValues(last.fields, 'authorization'), as === 'token' ? ['Bearer of-somebody'] : []);
      assert.equal(fieldValues(last.fields, 'x-mvproxy-via').flatMap((via) => via.split(',')).length, last.path.length);
    }),
    { numRuns: 60 },
  );
});

test('no header of a client makes a sidecar deny what some server serves', async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(trueRing, request, async (truths, { as, forged }) => {
      const mesh = new SidecarMesh(trueProxies(truths), trulyServing(truths));
      const target = '/apis/example.com/v1/widgets/x';
      const { status } = await mesh.ask('p0', { method: 'GET', target, fields: forged }, as);
      if (truths.some((serves) => 'example.com/v1' in serves)) assert.notEqual(status, 404);
      // What it can bring about is that its own request is not sent on.
      if (status !== 503) return;
      assert.ok(forged.includes('x-mvproxy-via'));
      refused++;
    }),
    { numRuns: 200 },
  );
  assert.ok(refused > 0);
});

test('the loop header of a client is not believed: what only a peer serves comes from the peer', async () => {
  const truths = [PODS, { ...PODS, ...WIDGETS }];
  for (const as of ['alice', 'token', 'nobody'] as const) {
    const mesh = new SidecarMesh(trueProxies(truths), trulyServing(truths));
    const fields = ['x-kubernetes-peer-proxied', 'true'];
    const { status, body } = await mesh.ask(
      'p0',
      { method: 'GET', target: '/apis/example.com/v1/widgets/x', fields },
      as,
    );
    assert.deepEqual([status, String(body)], [200, 'a1\n']);
  }
});

test('where peer traffic cannot be authenticated nothing leaves a sidecar', async () => {
  const truths = [PODS, { ...PODS, ...WIDGETS }, WIDGETS];
  for (const [method, target] of TARGETS) {
    const mesh = new SidecarMesh(trueProxies(truths, 'server-local'), trulyServing(truths));
    await mesh.ask('p0', { method, target, fields: [] }, 'token');
    assert.deepEqual(
      mesh.arrivals.map(({ at }) => at),
      ['p0', 'a0'],
    );
  }
});

test('a gateway in front of sidecars sends to one of them, which asks its own server', async () => {
  const truths = [PODS, { ...PODS, ...WIDGETS }];
  const gateway: MeshProxy = {
    servers: truths.map((serves, index) => ({ at: `p${index}`, name: `node-${index}`, minor: 37, serves })),
  };
  for (const as of ['alice', 'token', 'nobody'] as const) {
    const mesh = new SidecarMesh([...trueProxies(truths), gateway], trulyServing(truths));
    const { body } = await mesh.ask('p2', { method: 'GET', target: '/apis/example.com/v1/widgets/x', fields: [] }, as);
    assert.equal(String(body), 'a1\n');
    assert.deepEqual(
      mesh.arrivals.map(({ at }) => at),
      ['p2', 'p1', 'a1'],
    );
  }
});
