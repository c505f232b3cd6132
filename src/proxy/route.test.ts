import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientState, ProxySetting, settled } from '../../test/support/proxy-setting.ts';
import { requestInfo } from '../kubernetes/request-info.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import { type Route, type RouteInput, route, routeFresh } from './route.ts';

const PODS = { v1: { pods: ['get'] } };
const WIDGETS = { ...PODS, 'example.com/v1': { widgets: ['get'] } };

const POD = requestInfo('GET', '/api/v1/namespaces/a/pods/x');
const WIDGET = requestInfo('GET', '/apis/example.com/v1/widgets/x');

const input = (overrides: Partial<RouteInput> = {}): RouteInput => ({
  info: POD,
  client: clientState({ preferred: undefined }),
  alreadyProxied: false,
  tried: new Set(),
  ...overrides,
});

function setUp(local?: number) {
  const setting = new ProxySetting({
    servers: [
      { minor: 37, serves: WIDGETS },
      { minor: 36, serves: PODS },
      { minor: 36, serves: PODS },
    ],
    snapshot: { local },
  });
  const ready = (...positions: readonly number[]) =>
    setting.swap({
      servers: setting.control.snapshot.servers.map((server, i) => ({ ...server, ready: positions.includes(i) })),
    });
  return { setting, ready };
}

test('a client keeps the server it was given first', () => {
  const { setting } = setUp();
  const client = clientState({ preferred: undefined });
  const { decision } = route(setting.control, input({ client }), setting.now);
  assert.ok(decision.kind === 'forward' && decision.reason === 'PreferredCapable');
  assert.equal(client.preferred, `server-${decision.server}`);
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(route(setting.control, input({ client }), setting.now).decision, decision);
  }
});

test('a client keeps its server when another one answers for it', () => {
  const { setting } = setUp();
  const client = clientState({ preferred: 'server-1' });
  const { decision } = route(setting.control, input({ client, info: WIDGET }), setting.now);
  assert.deepEqual([decision.reason, client.preferred], ['PeerServesResource', 'server-1']);
});

test('a client whose server is not ready gets another one', () => {
  const { setting, ready } = setUp();
  const client = clientState({ preferred: 'server-1' });
  ready(2);
  const { decision } = route(setting.control, input({ client }), setting.now);
  assert.deepEqual([decision.kind === 'forward' && decision.server, client.preferred], [2, 'server-2']);
});

test('a client whose server left the snapshot gets another one', () => {
  const { setting, ready } = setUp();
  ready(1);
  const client = clientState({ preferred: 'gone' });
  route(setting.control, input({ client }), setting.now);
  assert.equal(client.preferred, 'server-1');
});

test('names stand for servers, whatever their positions in the snapshot of the moment', () => {
  const { setting } = setUp();
  const tried = new Set(['server-0', 'server-2', 'gone']);
  const { decision } = route(setting.control, input({ tried }), setting.now);
  assert.equal(decision.kind === 'forward' && decision.server, 1);
});

test('the local server serves everybody, and no client remembers another', () => {
  const { setting, ready } = setUp(1);
  const client = clientState({ preferred: 'server-2' });
  const { decision } = route(setting.control, input({ client }), setting.now);
  assert.deepEqual([decision.kind === 'forward' && decision.server, client.preferred], [1, 'server-2']);
  ready(0, 2);
  assert.equal(route(setting.control, input({ client }), setting.now).decision.reason, 'PreferredNotReady');
});

test('the less loaded of two gets a new client, over all trust classes', () => {
  const { setting, ready } = setUp();
  ready(1, 2);
  for (const upstream of ['own', 'unproven', 'anonymous', 'asserted'] as const) {
    const loaded = setting.server(1)[upstream];
    assert.ok(loaded);
    loaded.load = 1;
    const chosen = Array.from({ length: 400 }, () => {
      const { decision } = route(setting.control, input(), setting.now);
      return decision.kind === 'forward' && decision.server;
    });
    // Server 1 is taken only when both draws fall on it.
    assert.ok(chosen.filter((server) => server === 2).length > chosen.filter((server) => server === 1).length);
    loaded.load = 0;
  }
});

test('the decision comes with the snapshot it was made with', () => {
  const { setting } = setUp();
  const before = setting.control.snapshot;
  const routed = route(setting.control, input(), setting.now);
  setting.swap({ generation: 2 });
  assert.equal(routed.snapshot, before);
});

test('a client keeps its server when one request failed there', () => {
  const { setting } = setUp();
  const client = clientState({ preferred: 'server-1' });
  const { decision } = route(setting.control, input({ client, tried: new Set(['server-1']) }), setting.now);
  assert.notEqual(decision.kind === 'forward' && decision.server, 1);
  assert.equal(client.preferred, 'server-1');
});

for (const [target, refreshed] of [
  ['/apis/example.com/v1/gadgets/x', true],
  ['/apis/nobody.example/v1', true],
  ['/apis/nobody.example', true],
  ['/api/v2', true],
  ['/api/v1/namespaces/a/pods/x', false],
  ['/apis/example.com/v1', false],
  ['/version', false],
] as const) {
  test(`${target} by old tables ${refreshed ? 'waits for fresh ones' : 'is decided at once'}`, async () => {
    const { setting } = setUp();
    const { context } = setting;
    const info = requestInfo('GET', target);
    const used: Route[] = [];
    routeFresh(context, input({ info }), context.clock(), (routed) => used.push(routed));
    assert.equal(used.length, 1, 'tables of this moment are believed');
    setting.now += 1_001;
    setting.control.onRefresh = async () => setting.swap({ generation: 7 });
    routeFresh(context, input({ info }), context.clock(), (routed) => used.push(routed));
    assert.equal(used.length, refreshed ? 1 : 2);
    await settled();
    assert.equal(used.length, 2);
    assert.deepEqual([setting.control.refreshes, used[1]?.snapshot.generation === 7], [Number(refreshed), refreshed]);
  });
}

test('without a freshness window tables of this very moment are not believed', async () => {
  const { setting } = setUp();
  const context = { ...setting.context, freshnessWindowMs: 0 };
  const used: Route[] = [];
  setting.control.onRefresh = async () => setting.swap({ generation: 7 });
  routeFresh(
    context,
    input({ info: requestInfo('GET', '/apis/example.com/v1/gadgets/x') }),
    context.clock(),
    (routed) => used.push(routed),
  );
  assert.equal(used.length, 0);
  await settled();
  assert.deepEqual(
    used.map(({ snapshot }) => snapshot.generation),
    [7],
  );
  routeFresh(context, input(), context.clock(), (routed) => used.push(routed));
  assert.deepEqual([used.length, setting.control.refreshes], [2, 1], 'what is known is routed at once');
});

const POLICY: RoutingPolicy = { writes: 'any', clientVersionAffinity: true, rebalanceMs: 1_000 };

/** 0 is of 1.37, 1 and 2 of 1.36. */
function chosen(setting: ProxySetting, overrides: Partial<RouteInput>): number | undefined {
  const { decision } = route(setting.control, input(overrides), setting.now);
  return decision.kind === 'forward' ? decision.server : undefined;
}

test('a client gets a server that is not older than itself, and the newest where there is none', () => {
  const { setting, ready } = setUp();
  for (const minor of [37, 38]) {
    for (let i = 0; i < 20; i++) assert.equal(chosen(setting, { minor }), 0);
  }
  const seen = new Set(Array.from({ length: 200 }, () => chosen(setting, { minor: 36 })));
  assert.deepEqual([...seen].sort(), [0, 1, 2]);
  ready(1, 2);
  assert.ok([1, 2].includes(chosen(setting, { minor: 37 }) ?? -1));
});

test('a client moves up when a server comes that is not older than itself', () => {
  const { setting, ready } = setUp();
  const client = clientState({ preferred: undefined });
  ready(1);
  assert.equal(chosen(setting, { client, minor: 37 }), 1);
  ready(0, 1);
  assert.equal(chosen(setting, { client, minor: 37 }), 0);
  ready(1);
  assert.equal(chosen(setting, { client, minor: 37 }), 1);
});

test('capability comes before the version of the client', () => {
  const { setting } = setUp();
  const client = clientState({ preferred: 'server-1' });
  assert.equal(chosen(setting, { client, minor: 35, info: WIDGET }), 0);
});

test('senders that share a connection do not move each other', () => {
  const { setting } = setUp();
  const client = clientState({ preferred: 'server-2' });
  assert.equal(chosen(setting, { client, minor: 37 }), 0);
  assert.equal(chosen(setting, { client }), 2);
  assert.equal(chosen(setting, { client, minor: 36 }), 2);
  assert.equal(chosen(setting, { client, minor: 37 }), 0);
  assert.equal(client.preferred, 'server-2');
});

test('writes follow the policy, reads the client’s server', () => {
  const verbs = { v1: { pods: ['get', 'create'] } };
  const all = new ProxySetting({
    servers: [
      { minor: 37, serves: verbs },
      { minor: 36, serves: verbs },
      { minor: 35, serves: verbs },
    ],
  });
  const info = requestInfo('POST', '/api/v1/namespaces/a/pods');
  const client = clientState({ preferred: 'server-1' });
  for (const [writes, server] of [
    ['any', 1],
    ['newest', 0],
    ['oldest', 2],
  ] as const) {
    const policy = { ...POLICY, writes };
    assert.equal(chosen(all, { client, policy, info }), server);
    assert.equal(chosen(all, { client, policy }), 1);
  }
});

test('a client of a server that has much more to do than others moves in time, and stays where the load is even', () => {
  const { setting, ready } = setUp();
  ready(1, 2);
  const busy = setting.server(1).own;
  const moved = () => {
    const client = clientState({ preferred: 'server-1' });
    chosen(setting, { client, policy: POLICY });
    setting.now += 999;
    chosen(setting, { client, policy: POLICY });
    const isEarly = client.preferred !== 'server-1';
    assert.ok(!isEarly, 'it is not looked at before its time');
    setting.now += 1_001;
    chosen(setting, { client, policy: POLICY });
    return client.preferred === 'server-2';
  };
  const times = (count: number) => Array.from({ length: count }, moved).filter(Boolean).length;
  busy.load = 1_000;
  const share = times(400);
  // One in two draws falls on the idle server, and then one in two clients is enough to even them out.
  assert.ok(share > 40 && share < 200, `${share} of 400`);
  setting.server(2).own.load = 600;
  assert.equal(times(50), 0);
});

test('a client that fails on its server for one request does not move for good, whatever the load', () => {
  const { setting, ready } = setUp();
  ready(1, 2);
  setting.server(1).own.load = 1_000;
  const client = clientState({ preferred: 'server-1', reconsiderAt: 0 });
  chosen(setting, { client, policy: POLICY, tried: new Set(['server-1']) });
  assert.equal(client.preferred, 'server-1');
});
