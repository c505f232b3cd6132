import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { failureOf } from '../../test/support/fake-upstream.ts';
import { PlayedServer } from '../../test/support/played-server.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { MONITOR_SETTINGS } from '../../test/support/watched-server.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import type { UpstreamEvent } from '../wire/upstream.ts';
import { ServerMonitor } from './server-monitor.ts';

const PROXIES = 50;
const STEP_MS = 10;
const ignore = (): void => {};
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Random numbers that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What one server sees of many proxies, all started in the same moment; on a clock that the test moves. */
function setUp(t: TestContext) {
  let now = 1_000_000;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
  t.mock.method(Math, 'random', seeded(36));
  const server = new PlayedServer('a', 'v1.37.0', discoveryOf({ v1: { pods: ['get'] } }));
  const clients: ((event: UpstreamEvent) => void)[] = [];
  const health = { ...MONITOR_SETTINGS.health, timeoutMs: 1_000 };
  const monitors = Array.from({ length: PROXIES }, () => {
    const first = server.opened.length;
    const dependencies = { logger: SILENT, clock: () => now, openUpstream: server.open };
    const monitor = new ServerMonitor(server.spec, { ...MONITOR_SETTINGS, health }, dependencies, ignore);
    const { onEvent } = server.opened[first]?.options ?? {};
    if (onEvent !== undefined) clients.push(onEvent);
    return monitor;
  });
  t.after(() => Promise.all(monitors.map((monitor) => monitor.stop(0))));
  for (const monitor of monitors) monitor.start();
  /** Requests that arrive in each step from now on. */
  const arrivals = async (milliseconds: number): Promise<number[]> => {
    const steps: number[] = [];
    const count = () => server.opened.reduce((sum, { upstream }) => sum + upstream.requests.length, 0);
    let before = count();
    for (let passed = 0; passed < milliseconds; passed += STEP_MS) {
      now += STEP_MS;
      t.mock.timers.tick(STEP_MS);
      await settled();
      const after = count();
      steps.push(after - before);
      before = after;
    }
    return steps;
  };
  const lose = () => {
    for (const tell of clients) tell({ kind: 'connection-lost', failure: failureOf({ cause: 'connection' }) });
  };
  return { server, monitors, arrivals, lose };
}

/** The most that arrive within any `milliseconds`. */
function most(steps: readonly number[], milliseconds: number): number {
  const width = milliseconds / STEP_MS;
  const windows = steps.map((_, index) => steps.slice(index, index + width).reduce((sum, count) => sum + count, 0));
  return Math.max(...windows);
}

test('fifty proxies that started in one moment ask a server evenly soon after', async (t) => {
  const { arrivals } = setUp(t);
  await arrivals(10_000);
  const steps = await arrivals(15_000);
  const perSecond = steps.reduce((sum, count) => sum + count, 0) / 15;
  t.diagnostic(`${perSecond} a second, at most ${most(steps, 10)} in 10 ms and ${most(steps, 100)} in 100 ms`);
  // One probe a second and three conditional reads every two, with a sixth of jitter.
  assert.ok(perSecond > 125 && perSecond < 150, `${perSecond} a second`);
  assert.ok(most(steps, 10) <= 15, `${most(steps, 10)} in 10 ms`);
  assert.ok(most(steps, 100) <= (4 * perSecond) / 10, `${most(steps, 100)} in 100 ms`);
});

for (const downMs of [300, 1_000, 5_000]) {
  test(`fifty proxies come back to a server that was away for ${downMs} ms one after the other, within half a second`, async (t) => {
    const { server, monitors, arrivals, lose } = setUp(t);
    await arrivals(10_000);
    server.health = 'refusing';
    lose();
    await arrivals(downMs);
    assert.ok(monitors.every(({ state }) => state.kind === 'unready'));
    server.health = 200;
    const steps = await arrivals(500);
    const all = steps.reduce((sum, count) => sum + count, 0);
    t.diagnostic(`${all} requests, at most ${most(steps, 10)} in 10 ms and ${most(steps, 100)} in 100 ms`);
    assert.ok(monitors.every(({ state }) => state.kind === 'ready'));
    assert.ok(most(steps, 10) <= all / 5, `${most(steps, 10)} of ${all} in 10 ms`);
  });
}
