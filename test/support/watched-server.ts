import type { TestContext } from 'node:test';
import { discoveryOf } from '../../src/discovery/testing/discovery-of.ts';
import { type MonitorSettings, ServerMonitor } from '../../src/servers/server-monitor.ts';
import { PlayedServer } from './played-server.ts';
import { settled } from './proxy-setting.ts';

const PAIR = { cert: 'certificate', key: 'key' };

export const MONITOR_SETTINGS: MonitorSettings = {
  health: { path: '/readyz', fall: 2, rise: 1, intervalMs: 1_000, timeoutMs: 700 },
  discovery: { intervalMs: 2_000, timeoutMs: 5_000, maxBytes: 1_000_000, watch: true },
  connections: { connectTimeoutMs: 1, pingIntervalMs: 2, pingTimeoutMs: 3, maxConnections: 4 },
  trust: { ca: 'bundle', isConfigured: true, frontProxy: PAIR, control: undefined },
  readsDiscovery: true,
};

const STEP_MS = 100;

/** A monitor of `server` on a clock that the test moves; without jitter, unless the test sets `random`. */
export function watchServer(
  t: TestContext,
  settings: Partial<MonitorSettings> = {},
  server = new PlayedServer('a', 'v1.37.0', discoveryOf({ v1: { pods: ['get'] } })),
) {
  let now = 1_000_000;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
  const random = t.mock.method(Math, 'random', () => 0);
  const log: string[] = [];
  const say = (message: string) => log.push(message);
  const logger = { debug: say, info: say, warn: say, error: say };
  const states: string[] = [];
  const dependencies = { logger, clock: () => now, openUpstream: server.open };
  const all = { ...MONITOR_SETTINGS, ...settings };
  const monitor: ServerMonitor = new ServerMonitor(server.spec, all, dependencies, () => {
    if (states.at(-1) !== monitor.state.kind) states.push(monitor.state.kind);
  });
  t.after(() => monitor.stop(0));
  /** In steps, so that what one timer causes happens before the next. */
  const pass = async (milliseconds: number, stepMs = STEP_MS) => {
    for (let passed = 0; passed < milliseconds; passed += stepMs) {
      const step = Math.min(stepMs, milliseconds - passed);
      now += step;
      t.mock.timers.tick(step);
      await settled();
    }
  };
  const start = async () => {
    monitor.start();
    await settled();
  };
  const successor = () => new ServerMonitor(server.spec, all, dependencies, () => {});
  return { monitor, server, log, states, random, pass, start, successor, now: () => now };
}
