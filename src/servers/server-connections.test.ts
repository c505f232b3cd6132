import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { get, Inbox, Receiver, testPki } from '../../test/support/loopback.ts';
import { PlayedServer } from '../../test/support/played-server.ts';
import { serverDiscovery } from '../discovery/server-discovery.ts';
import type { ServerExchange } from '../wire/exchange.ts';
import type { Upstream } from '../wire/upstream.ts';
import { UNVERIFIABLE_UPSTREAM } from './failing-upstream.ts';
import type { PeerTrust } from './peer-trust.ts';
import { backendOf, openServerConnections } from './server-connections.ts';

const FRONT_PROXY = { cert: 'front-proxy certificate', key: 'front-proxy key' };
const CONTROL = { cert: 'control certificate', key: 'control key' };
const TRUST: PeerTrust = { ca: 'bundle', isConfigured: true, frontProxy: FRONT_PROXY, control: undefined };
const SETTINGS = {
  connectTimeoutMs: 1,
  pingIntervalMs: 2,
  pingTimeoutMs: 3,
  maxConnections: 4,
  engine: 'node',
} as const;
const NO_CONDITIONS = { '/api': undefined, '/apis': undefined };

function open(trust: Partial<PeerTrust> = {}) {
  const server = new PlayedServer('a', 'v1.37.0', serverDiscovery([], []), { servername: 'a.example' });
  const listeners = { clients: () => {}, probe: () => {} };
  const connections = openServerConnections(
    server.spec,
    { ...TRUST, ...trust },
    CONTROL,
    SETTINGS,
    listeners,
    server.open,
  );
  const optionsOf = (upstream: unknown) => server.opened.find((entry) => entry.upstream === upstream)?.options;
  return { server, connections, listeners, optionsOf };
}

test('the front-proxy certificate is presented where identities are asserted, and nowhere that clients speak for themselves', () => {
  const { connections, optionsOf } = open();
  assert.equal(optionsOf(connections.asserted)?.certificate, FRONT_PROXY);
  for (const name of ['own', 'unproven', 'anonymous'] as const) {
    assert.ok(optionsOf(connections[name]));
    assert.equal(optionsOf(connections[name])?.certificate, undefined);
  }
  for (const name of ['discovery', 'probe'] as const) assert.equal(optionsOf(connections[name])?.certificate, CONTROL);
});

test('no two trust classes share connections, and ours are apart', () => {
  const { connections, server } = open();
  const { asserted, own, unproven, anonymous, discovery, probe } = connections;
  assert.equal(new Set([asserted, own, unproven, anonymous, discovery, probe]).size, 6);
  assert.equal(server.opened.length, 6);
});

test('every connection verifies the configured name against the peer CA and has all settings', () => {
  for (const { options } of open().server.opened) {
    const { host, port, servername, ca, certificate: _certificate, onEvent: _onEvent, ...settings } = options;
    assert.deepEqual([host, port, servername, ca], ['a.example', 6443, 'a.example', 'bundle']);
    assert.deepEqual(settings, SETTINGS);
  }
});

test('what happens to the connections of clients and of probes is heard apart; discovery is not listened to', () => {
  const { connections, listeners, optionsOf } = open();
  for (const name of ['asserted', 'own', 'unproven', 'anonymous'] as const) {
    assert.equal(optionsOf(connections[name])?.onEvent, listeners.clients);
  }
  assert.equal(optionsOf(connections.probe)?.onEvent, listeners.probe);
  assert.equal(optionsOf(connections.discovery)?.onEvent, undefined);
});

test('without a front-proxy certificate nobody is vouched for', () => {
  const { connections } = open({ frontProxy: undefined });
  assert.equal(connections.asserted, undefined);
  assert.equal(backendOf('a', connections, NO_CONDITIONS).asserted, undefined);
});

test('without a CA nothing is opened', () => {
  const { connections, server } = open({ ca: undefined });
  assert.deepEqual(server.opened, []);
  const { asserted, own, unproven, anonymous, discovery, probe } = connections;
  for (const upstream of [asserted, own, unproven, anonymous, discovery, probe]) {
    assert.equal(upstream, UNVERIFIABLE_UPSTREAM);
  }
});

test('a backend gives the request path the connections of clients and not ours', () => {
  const { connections } = open();
  const { asserted, own, unproven, anonymous } = connections;
  const conditions = { ...NO_CONDITIONS, '/apis': { accept: 'a', etag: '"x"' } };
  assert.deepEqual(backendOf('a', connections, conditions), {
    name: 'a',
    asserted,
    own,
    unproven,
    anonymous,
    conditions,
  });
});

test('a close gives clients their time and ends ours at once', async () => {
  const { connections, server } = open();
  await connections.close(5_000);
  assert.deepEqual(
    server.opened.map(({ upstream }) => upstream.closedWith),
    [5_000, 5_000, 5_000, 5_000, 0, 0],
  );
});

describe('a server in this process', () => {
  async function serve(trust: Partial<PeerTrust>) {
    const { server: pair } = await testPki();
    const exchanges = new Inbox<ServerExchange>();
    const spec = { kind: 'in-process', name: 'a', local: true, handler: exchanges.put } as const;
    const frontProxy = 'frontProxy' in trust ? undefined : pair;
    const connections = openServerConnections(
      spec,
      { ...TRUST, ...trust, frontProxy },
      undefined,
      SETTINGS,
      { clients: () => {}, probe: () => {} },
      () => assert.fail('nothing is dialled'),
    );
    const seenOver = async (upstream: Upstream | undefined) => {
      upstream?.request(get('/'), true, new Receiver());
      const exchange = await exchanges.next();
      exchange.reset('cancel');
      return exchange.connection;
    };
    return { connections, seenOver };
  }

  test('sees the front-proxy certificate where identities are asserted, and nowhere that clients speak for themselves', async () => {
    const { connections, seenOver } = await serve({});
    assert.equal((await seenOver(connections.asserted)).certificate.kind, 'presented');
    for (const name of ['own', 'unproven', 'anonymous', 'discovery', 'probe'] as const) {
      assert.deepEqual((await seenOver(connections[name])).certificate, { kind: 'none' }, name);
    }
    const { asserted, own, unproven, anonymous } = connections;
    assert.equal(new Set([asserted, own, unproven, anonymous]).size, 4);
    await connections.close(0);
  });

  test('needs no CA that proves it', async () => {
    const { connections, seenOver } = await serve({ ca: undefined, isConfigured: false, frontProxy: undefined });
    assert.equal(connections.asserted, undefined);
    for (const name of ['own', 'unproven', 'anonymous', 'discovery', 'probe'] as const) {
      assert.ok(await seenOver(connections[name]), name);
    }
    await connections.close(0);
  });
});
