import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientState, ProxySetting, settled } from '../../test/support/proxy-setting.ts';
import { requestInfo } from '../kubernetes/request-info.ts';
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
    routeFresh(context, input({ info }), (routed) => used.push(routed));
    assert.equal(used.length, 1, 'tables of this moment are believed');
    setting.now += 1_001;
    setting.control.onRefresh = async () => setting.swap({ generation: 7 });
    routeFresh(context, input({ info }), (routed) => used.push(routed));
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
  routeFresh(context, input({ info: requestInfo('GET', '/apis/example.com/v1/gadgets/x') }), (routed) =>
    used.push(routed),
  );
  assert.equal(used.length, 0);
  await settled();
  assert.deepEqual(
    used.map(({ snapshot }) => snapshot.generation),
    [7],
  );
  routeFresh(context, input(), (routed) => used.push(routed));
  assert.deepEqual([used.length, setting.control.refreshes], [2, 1], 'what is known is routed at once');
});
