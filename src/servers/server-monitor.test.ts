import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failureOf } from '../../test/support/fake-upstream.ts';
import { PlayedServer, unreachable } from '../../test/support/played-server.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { MONITOR_SETTINGS, watchServer } from '../../test/support/watched-server.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { fieldValue } from '../wire/fields.ts';

const PODS = discoveryOf({ v1: { pods: ['get'] } });
const NODES = discoveryOf({ v1: { nodes: ['get'] } });

describe('a server that is healthy', () => {
  test('serves once its version and its discovery were read', async (t) => {
    const { monitor, server, states, start, now } = watchServer(t);
    assert.equal(monitor.state.kind, 'discovered');
    server.hold();
    await start();
    assert.deepEqual([monitor.state.kind, monitor.version?.minor, monitor.fetched], ['confirming', 37, undefined]);
    server.release();
    await settled();
    await settled();
    assert.equal(monitor.state.kind, 'ready');
    assert.deepEqual(states, ['probing', 'confirming', 'ready']);
    assert.deepEqual(monitor.fetched?.discovery, PODS);
    assert.deepEqual([monitor.confirmedAt, monitor.discoveryFailure], [now(), '']);
  });

  test('is probed every second and read every two, conditionally', async (t) => {
    const { server, start, pass } = watchServer(t);
    await start();
    const counts = () => ['/readyz', '/apis', '/version'].map((path) => server.count(path));
    const before = counts();
    await pass(10_000);
    assert.deepEqual(
      counts().map((count, index) => count - (before[index] ?? 0)),
      [10, 5, 0],
    );
  });

  test('is asked as ourselves, on connections that clients do not share', async (t) => {
    const { server, start } = watchServer(t);
    await start();
    const { frontProxy } = MONITOR_SETTINGS.trust;
    const certificates = server.opened.map(({ options }) => options.certificate);
    // asserted, own, unproven, anonymous, discovery, probe
    assert.deepEqual(certificates, [frontProxy, undefined, undefined, undefined, frontProxy, frontProxy]);
    for (const { options } of server.opened) {
      assert.deepEqual(
        [options.host, options.port, options.servername, options.ca, options.maxConnections],
        ['a.example', 6443, 'kubernetes.default.svc', 'bundle', 4],
      );
    }
    assert.deepEqual(
      server.opened.map(({ upstream }) => upstream.requests.length > 0),
      [false, false, false, false, true, true],
    );
    for (const { head } of server.opened.flatMap(({ upstream }) => upstream.requests)) {
      assert.equal(fieldValue(head.fields, 'x-remote-user'), 'system:mixed-version-proxy');
      assert.equal(fieldValue(head.fields, 'x-kubernetes-peer-proxied'), 'true');
    }
  });

  test('whose documents change is read anew, and the age is that of the last reading', async (t) => {
    const { monitor, server, start, pass, now } = watchServer(t);
    await start();
    const first = monitor.fetched;
    await pass(2_000);
    assert.equal(monitor.fetched, first);
    assert.equal(monitor.confirmedAt, now());
    server.discovery = NODES;
    await pass(2_000);
    assert.deepEqual(monitor.fetched?.discovery, NODES);
  });

  test('is not read, only asked its version, where nothing is merged', async (t) => {
    const { monitor, server, start, pass } = watchServer(t, { readsDiscovery: false });
    await start();
    await pass(5_000);
    await monitor.refresh();
    assert.deepEqual([monitor.state.kind, monitor.version?.minor], ['ready', 37]);
    assert.equal(server.count('/apis') + server.count('/api'), 0);
  });
});

describe('a server that does not answer', () => {
  test('is out within three seconds, and back once its tables were read again', async (t) => {
    const { monitor, server, start, pass } = watchServer(t);
    await start();
    server.health = 'silent';
    await pass(2_900);
    assert.equal(monitor.state.kind, 'unready');
    assert.deepEqual(monitor.fetched?.discovery, PODS, 'what was read stays');
    server.health = 200;
    server.discovery = NODES;
    server.gitVersion = 'v1.38.0';
    // A reading that began while it was silent has to end first.
    await pass(5_000);
    assert.equal(monitor.state.kind, 'ready');
    assert.deepEqual([monitor.fetched?.discovery, monitor.version?.minor], [NODES, 38]);
  });

  test('that is away is probed up to four times a second, so that it serves soon after it is back', async (t) => {
    const { server, monitor, pass } = watchServer(t);
    monitor.start();
    await pass(100);
    server.health = 'refusing';
    await pass(1_000);
    assert.equal(monitor.state.kind, 'unready', 'nobody listening needs no second opinion');
    const before = server.count('/readyz');
    await pass(10_000);
    const probes = server.count('/readyz') - before;
    assert.ok(probes > 30 && probes <= 40, `${probes} probes in 10 s`);
    server.health = 200;
    await pass(300);
    assert.equal(monitor.state.kind, 'ready');
  });

  test('once stays in', async (t) => {
    const { monitor, server, start, pass } = watchServer(t);
    await start();
    server.health = 'silent';
    await pass(1_700);
    assert.deepEqual(monitor.state, { kind: 'ready', failures: 1 });
    server.health = 200;
    await pass(1_000);
    assert.deepEqual(monitor.state, { kind: 'ready', failures: 0 });
  });

  test('from the start is out, and says why', async (t) => {
    const server = new PlayedServer('a', 'v1.37.0', PODS);
    server.health = 'refusing';
    const { monitor, start } = watchServer(t, {}, server);
    await start();
    assert.ok(monitor.state.kind === 'unready' && monitor.state.condition.includes('nobody listens'));
    assert.equal(monitor.fetched, undefined);
  });
});

test('a server that says it is going is drained at once, and its reason is kept', async (t) => {
  const { monitor, server, start, pass } = watchServer(t);
  await start();
  server.health = 500;
  await pass(1_000);
  assert.deepEqual(monitor.state, { kind: 'draining', condition: '/readyz answered 500: [-]shutdown failed' });
});

test('a server that does not believe us says what to do about it', async (t) => {
  const { monitor, server, start, pass } = watchServer(t);
  await start();
  for (const [status, remedy] of [
    [401, /has it expired/],
    [403, /apply deploy\/rbac\.yaml/],
  ] as const) {
    server.health = status;
    await pass(1_000);
    assert.ok(monitor.state.kind === 'draining');
    assert.match(monitor.state.condition, remedy);
  }
});

test('a shortage of our own says nothing about the server', async (t) => {
  const { monitor, server, start, pass } = watchServer(t);
  await start();
  const probe = server.opened.at(-1)?.upstream;
  assert.ok(probe);
  probe.handler = (request) => request.fail({ cause: 'overloaded' });
  await pass(10_000);
  assert.equal(monitor.state.kind, 'ready');
});

describe('what requests notice', () => {
  test('nobody listens: the server is out at once, and probed at once', async (t) => {
    const { monitor, server, start } = watchServer(t);
    await start();
    const before = server.count('/readyz');
    server.health = 'silent';
    server.tell('clients', { kind: 'connect-failed', failure: unreachable() });
    assert.ok(monitor.state.kind === 'unready' && monitor.state.condition === 'nobody listens');
    await settled();
    assert.equal(server.count('/readyz'), before + 1);
  });

  for (const event of [
    { kind: 'goaway' },
    { kind: 'failing' },
    { kind: 'connection-lost', failure: failureOf({ cause: 'connection', processed: 'unknown' }) },
    { kind: 'connect-failed', failure: failureOf({ cause: 'tls' }) },
  ] as const) {
    test(`${event.kind}${'failure' in event ? ` (${event.failure.cause})` : ''}: the server is probed at once and judged by that`, async (t) => {
      const { monitor, server, start } = watchServer(t);
      await start();
      const before = server.count('/readyz');
      server.tell('clients', event);
      assert.equal(monitor.state.kind, 'ready');
      await settled();
      assert.equal(server.count('/readyz'), before + 1);
      assert.equal(monitor.state.kind, 'ready');
    });
  }

  test('clients that break connections all the time cause five probes a second at most', async (t) => {
    const { server, start, pass } = watchServer(t);
    await start();
    const before = server.count('/readyz');
    for (let i = 0; i < 50; i++) {
      for (let times = 0; times < 10; times++) server.tell('clients', { kind: 'goaway' });
      await pass(20);
    }
    const probes = server.count('/readyz') - before;
    assert.ok(probes >= 4 && probes <= 6, String(probes));
  });

  test('a connection that succeeds is no reason to probe', async (t) => {
    const { server, start } = watchServer(t);
    await start();
    const before = server.count('/readyz');
    server.tell('clients', { kind: 'connected', remoteAddress: '192.0.2.9' });
    await settled();
    assert.equal(server.count('/readyz'), before);
  });
});

describe('a server that was exchanged between two probes', () => {
  const lost = { kind: 'connection-lost', failure: failureOf({ cause: 'connection' }) } as const;
  const connected = { kind: 'connected', remoteAddress: '192.0.2.9' } as const;

  test('serves again only with its own tables', async (t) => {
    const { monitor, server, start, pass } = watchServer(t);
    await start();
    server.discovery = NODES;
    server.gitVersion = 'v1.36.0';
    server.tell('probe', lost);
    server.tell('probe', connected);
    assert.equal(monitor.state.kind, 'confirming');
    await pass(1_000);
    assert.deepEqual([monitor.state.kind, monitor.version?.minor, monitor.fetched?.discovery], ['ready', 36, NODES]);
    server.tell('probe', connected);
    assert.equal(monitor.state.kind, 'ready', 'suspected once');
  });

  test('is not suspected for a connection that is merely new', async (t) => {
    const { monitor, server, start } = watchServer(t);
    await start();
    server.tell('probe', { kind: 'goaway' });
    server.tell('probe', connected);
    assert.equal(monitor.state.kind, 'ready');
  });
});

describe('discovery that cannot be read', () => {
  test('leaves the last good document, is logged once per reason and reported while it lasts', async (t) => {
    const { monitor, server, log, start, pass } = watchServer(t);
    await start();
    server.discoveryStatus = 500;
    await pass(10_000);
    assert.deepEqual(monitor.fetched?.discovery, PODS);
    assert.match(monitor.discoveryFailure, /500/);
    assert.equal(log.filter((message) => message.includes('cannot be read')).length, 1);
    assert.equal(monitor.state.kind, 'ready');
    server.discoveryStatus = undefined;
    await pass(5_000);
    assert.equal(monitor.discoveryFailure, '');
    assert.equal(log.filter((message) => message.includes('can be read again')).length, 1);
  });

  test('is tried ever less often, down to every five seconds', async (t) => {
    const { server, start, pass } = watchServer(t);
    await start();
    server.discoveryStatus = 500;
    await pass(30_000);
    const before = server.count('/apis');
    await pass(20_000);
    assert.equal(server.count('/apis') - before, 4);
  });

  test('for good (403) keeps no healthy server out, whose old tables are better than none', async (t) => {
    const { monitor, server, start, pass } = watchServer(t);
    await start();
    server.discoveryStatus = 403;
    server.health = 'silent';
    await pass(3_000);
    assert.equal(monitor.state.kind, 'unready');
    server.health = 200;
    await pass(5_000);
    assert.equal(monitor.state.kind, 'ready');
  });

  test('for the moment (503) keeps a server out that came back, because its tables are those of before', async (t) => {
    const { monitor, server, start, pass } = watchServer(t);
    await start();
    server.discoveryStatus = 503;
    server.health = 'silent';
    await pass(3_000);
    server.health = 200;
    await pass(15_000);
    assert.equal(monitor.state.kind, 'confirming');
    server.discoveryStatus = undefined;
    await pass(5_000);
    assert.equal(monitor.state.kind, 'ready');
  });

  test('from the start keeps no server out, which may be all there is', async (t) => {
    const server = new PlayedServer('a', 'v1.37.0', PODS);
    server.discoveryStatus = 503;
    const { monitor, start } = watchServer(t, {}, server);
    await start();
    assert.deepEqual([monitor.state.kind, monitor.fetched], ['ready', undefined]);
  });
});

describe('the version', () => {
  for (const [name, gitVersion, expected] of [
    ['is read', 'v1.36.3', { major: 1, minor: 36, patch: 3 }],
    ['is unknown where the server does not tell', undefined, undefined],
    ['is unknown where it tells nonsense', 'nonsense', undefined],
  ] as const) {
    test(name, async (t) => {
      const server = new PlayedServer('a', 'v1.37.0', PODS);
      server.gitVersion = gitVersion;
      const { monitor, start } = watchServer(t, {}, server);
      await start();
      assert.deepEqual([monitor.state.kind, monitor.version], ['ready', expected]);
    });
  }
});

test('a server that is too busy to say its version keeps the one it had, until it says one', async (t) => {
  const { monitor, server, start, pass } = watchServer(t);
  await start();
  server.versionStatus = 503;
  server.gitVersion = 'v1.38.0';
  server.tell('probe', { kind: 'connection-lost', failure: failureOf({ cause: 'connection' }) });
  server.tell('probe', { kind: 'connected', remoteAddress: '192.0.2.9' });
  await pass(3_000);
  assert.deepEqual([monitor.state.kind, monitor.version?.minor], ['ready', 37]);
  server.versionStatus = undefined;
  await pass(2_000);
  assert.equal(monitor.version?.minor, 38);
});

test('a refresh reads from the beginning, after the reading under way', async (t) => {
  const { monitor, server, start, pass } = watchServer(t);
  await start();
  server.hold();
  await pass(2_000);
  const refreshed = monitor.refresh();
  server.discovery = discoveryOf({ v1: { nodes: ['get'], pods: ['get'] } });
  const before = server.count('/apis');
  server.release();
  await refreshed;
  assert.equal(server.count('/apis'), before + 1);
  assert.deepEqual(monitor.fetched?.discovery, server.discovery);
});

test('a successor knows what was known', async (t) => {
  const { monitor, start, successor } = watchServer(t);
  await start();
  const next = successor();
  next.inherit(monitor);
  assert.deepEqual(
    [next.fetched, next.version, next.confirmedAt],
    [monitor.fetched, monitor.version, monitor.confirmedAt],
  );
  assert.equal(next.state.kind, 'discovered', 'but not whether it is healthy');
});

test('since when it is as it is outlives a successor that finds it so, and no other', async (t) => {
  const { monitor, server, start, pass, successor, now } = watchServer(t);
  const begun = now();
  await start();
  await pass(5_000);
  assert.equal(monitor.stateSince, begun);
  await monitor.stop(0);
  const next = successor();
  t.after(() => next.stop(0));
  next.inherit(monitor);
  next.start();
  await pass(100);
  assert.deepEqual([next.state.kind, next.stateSince], ['ready', begun]);
  server.health = 'refusing';
  await pass(3_000);
  assert.equal(next.state.kind, 'unready');
  assert.ok(next.stateSince > begun + 5_000);
});

test('a stopped monitor asks nothing any more and closes its connections, those of clients gently', async (t) => {
  const { monitor, server, start, pass } = watchServer(t);
  await start();
  await monitor.stop(5_000);
  const before = server.paths.length;
  await pass(20_000);
  assert.equal(server.paths.length, before);
  assert.deepEqual(
    server.opened.map(({ upstream }) => upstream.closedWith),
    [5_000, 5_000, 5_000, 5_000, 0, 0],
  );
});

test('a reading that our own stop cuts off is no failure of the server', async (t) => {
  const { monitor, server, log, start, pass } = watchServer(t);
  await start();
  server.hold();
  await pass(2_000);
  await monitor.stop(0);
  const open = server.opened.flatMap(({ upstream }) => upstream.requests).filter(({ isOver }) => !isOver);
  assert.ok(open.some(({ head }) => head.target === '/apis'));
  log.length = 0;
  for (const request of open) request.fail({ processed: 'unknown', cause: 'connection' });
  await settled();
  assert.deepEqual([log, monitor.discoveryErrors.size, monitor.discoveryFailure], [[], 0, '']);
});

test('without a CA no server is dialled', async (t) => {
  const trust = { ...MONITOR_SETTINGS.trust, ca: undefined, isConfigured: false };
  const { monitor, server, start } = watchServer(t, { trust, readsDiscovery: false });
  await start();
  assert.deepEqual(server.opened, []);
  assert.ok(monitor.state.kind === 'unready' && monitor.state.condition.includes('--peer-ca-file'));
});
