import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { ArrivedRequest } from '../../test/support/fake-upstream.ts';
import { unreachable } from '../../test/support/played-server.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { MONITOR_SETTINGS, watchServer } from '../../test/support/watched-server.ts';
import { loadConfiguration } from '../config/load.ts';
import { registrySettings } from '../daemon/settings.ts';
import { longestSilenceMs } from './health-check.ts';

const { trust } = MONITOR_SETTINGS;
const FLAGS = { server: 'a=https://a.example:6443', 'tls-cert-file': 'a.crt', 'tls-private-key-file': 'a.key' };
const flags = new Map(Object.entries(FLAGS).map(([name, value]) => [name, [value]]));
/** Of the default configuration. */
const { health } = registrySettings(await loadConfiguration({ flags }), trust);

const hang = (): void => {};

test('by default a server that hangs is out within three seconds, whenever it hangs and however lucky the pauses are', async (t) => {
  assert.ok(longestSilenceMs(health) <= 3_000, `${longestSilenceMs(health)} ms`);
  for (const jitter of [0, 0.5, 0.999]) {
    for (let phase = 0; phase <= 1_000; phase += 125) {
      await t.test(`${phase} ms after a probe, jitter ${jitter}`, async (t) => {
        const { monitor, server, random, start, pass, now } = watchServer(t, { health });
        random.mock.mockImplementation(() => jitter);
        await start();
        await pass(phase, 25);
        server.health = 'silent';
        const since = now();
        while (monitor.state.kind === 'ready') await pass(25, 25);
        const took = now() - since;
        assert.ok(took <= longestSilenceMs(health), `${took} ms`);
        assert.ok(took >= health.timeoutMs, 'a slow answer has its time');
      });
    }
  }
});

test('the longest silence is what it takes in the worst case, for any number of probes', async (t) => {
  for (const fall of [1, 2, 3, 5]) {
    await t.test(`${fall}`, async (t) => {
      const policy = { ...health, fall };
      const { monitor, server, start, pass, now } = watchServer(t, { health: policy });
      await start();
      server.health = 'silent';
      const since = now();
      const probes = server.count('/readyz');
      while (monitor.state.kind === 'ready') await pass(50, 50);
      assert.equal(now() - since, longestSilenceMs(policy));
      assert.equal(server.count('/readyz') - probes, fall, 'as many as the policy says went unanswered');
    });
  }
});

describe('a probe without an answer', () => {
  test('is doubled over a connection of its own, whose answer is enough', async (t) => {
    const { monitor, server, start, pass } = watchServer(t, { health });
    await start();
    const known = server.opened.length;
    const probe = server.opened.at(-1)?.upstream;
    assert.ok(probe);
    probe.handler = hang;
    await pass(1_000 + health.timeoutMs / 2 - 100);
    assert.equal(server.opened.length, known);
    await pass(100);
    const own = server.opened.slice(known);
    assert.deepEqual(
      own.map(({ options, upstream }) => [options.certificate, upstream.requests.length, upstream.closedWith]),
      [[trust.frontProxy, 1, 0]],
    );
    assert.deepEqual(monitor.state, { kind: 'ready', failures: 0 });
    assert.equal(probe.requests.at(-1)?.resetReason, 'cancel', 'the first one is not waited for');
    for (const { upstream } of server.opened.slice(0, known)) {
      assert.deepEqual(upstream.doubts, [health.timeoutMs], 'others may have been lost without a word as well');
      assert.equal(upstream.turnedAway, 0);
    }
    await pass(10_000);
    assert.equal(monitor.state.kind, 'ready');
  });

  test('is answered late, after the other one was asked: the server is healthy', async (t) => {
    const { monitor, server, start, pass } = watchServer(t, { health });
    await start();
    const held: ArrivedRequest[] = [];
    const probe = server.opened.at(-1)?.upstream;
    assert.ok(probe);
    server.health = 'silent';
    probe.handler = (request) => held.push(request);
    await pass(1_000 + health.timeoutMs - 100);
    held[0]?.respond(200, [], 'ok');
    await settled();
    assert.deepEqual(monitor.state, { kind: 'ready', failures: 0 });
    assert.equal(server.opened.at(-1)?.upstream.closedWith, 0, 'nothing stays open for the second opinion');
  });

  test('of a server that is out is not doubled', async (t) => {
    const { monitor, server, start, pass } = watchServer(t, { health });
    await start();
    server.health = 'silent';
    await pass(5_000);
    assert.equal(monitor.state.kind, 'unready');
    const opened = server.opened.length;
    await pass(10_000);
    assert.equal(server.opened.length, opened);
  });
});

describe('what is open on its connections', () => {
  const doubts = (server: ReturnType<typeof watchServer>['server']) =>
    server.opened.slice(0, 6).map(({ upstream }) => upstream.doubts);

  test('has to show that it lives as soon as the server is out, again after every probe, and not before', async (t) => {
    const { monitor, server, start, pass } = watchServer(t, { health });
    await start();
    server.health = 'silent';
    while (monitor.state.kind === 'ready') {
      assert.deepEqual(doubts(server).flat(), []);
      await pass(50, 50);
    }
    assert.deepEqual(doubts(server), Array(6).fill([health.timeoutMs]));
    await pass(health.timeoutMs + 250);
    assert.deepEqual(doubts(server)[0], [health.timeoutMs, health.timeoutMs]);
    server.health = 200;
    await pass(10_000);
    const before = doubts(server);
    await pass(10_000);
    assert.deepEqual(doubts(server), before);
  });

  test('has to show it too when somebody finds the server unreachable', async (t) => {
    const { server, start } = watchServer(t, { health });
    await start();
    server.tell('clients', { kind: 'connect-failed', failure: unreachable() });
    assert.deepEqual(doubts(server), Array(6).fill([health.timeoutMs]));
    const turnedAway = server.opened.map(({ upstream }) => upstream.turnedAway);
    assert.deepEqual(turnedAway, [1, 1, 1, 1, 0, 0], 'clients need not wait for it');
  });

  test('goes on when the server only says that it is going', async (t) => {
    const { monitor, server, start, pass } = watchServer(t, { health });
    await start();
    server.health = 500;
    await pass(5_000);
    assert.equal(monitor.state.kind, 'draining');
    assert.deepEqual(doubts(server).flat(), []);
  });
});

describe('a server that leaves probes unanswered', () => {
  /** Milliseconds until it was out. `says`: whether something arrives from it at a moment. */
  async function outAfter(t: TestContext, says: (milliseconds: number) => boolean): Promise<number> {
    const { monitor, server, start, pass } = watchServer(t, { health });
    await start();
    server.health = 'silent';
    for (let milliseconds = 25; milliseconds <= 60_000; milliseconds += 25) {
      const [clients] = server.opened;
      if (clients !== undefined && says(milliseconds)) clients.upstream.received += 1;
      await pass(25, 25);
      if (monitor.state.kind !== 'ready') return milliseconds;
    }
    return assert.fail('it is never out');
  }

  test('is busy, and stays for a while, when it answers others', async (t) => {
    const took = await outAfter(t, (milliseconds) => milliseconds % 300 === 0);
    assert.ok(took >= 9_000, `${took} ms`);
    assert.ok(took <= 10_000 + longestSilenceMs(health), `${took} ms`);
  });

  test('is out as soon as any other when it fell silent to all, though it spoke just before', async (t) => {
    const longest = longestSilenceMs(health) + health.timeoutMs / 2;
    const took = await outAfter(t, (milliseconds) => milliseconds <= 1_000);
    assert.ok(took - 1_000 <= longest, `${took} ms`);
  });
});
