import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { PeerTrust } from '../../src/servers/peer-trust.ts';
import { type RegistrySettings, ServerRegistry } from '../../src/servers/server-registry.ts';
import type { PlayedServer } from './played-server.ts';
import { settled } from './proxy-setting.ts';

/** Peers are verified and we can vouch for users, so that the view is merged. */
export const PEER_TRUST: PeerTrust = {
  ca: 'bundle',
  isConfigured: true,
  frontProxy: { cert: 'certificate', key: 'key' },
  control: undefined,
};

const SETTINGS: RegistrySettings = {
  health: { path: '/readyz', fall: 2, rise: 1, intervalMs: 1_000, timeoutMs: 700 },
  discovery: { intervalMs: 2_000, timeoutMs: 5_000, maxBytes: 1_000_000, watch: true },
  connections: { connectTimeoutMs: 1, pingIntervalMs: 2, pingTimeoutMs: 3, maxConnections: 4 },
  trust: PEER_TRUST,
  staleAfterMs: 10_000,
  graceMs: 300_000,
  expireAfterMs: undefined,
  refreshSpacingMs: 200,
};

/** A registry of `servers` on a clock that the test moves; without jitter. Nothing is started. */
export function playRegistry(
  t: TestContext,
  servers: readonly PlayedServer[],
  settings: Partial<RegistrySettings> = {},
) {
  let now = 1_000_000;
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  t.mock.method(performance, 'now', () => now);
  t.mock.method(Math, 'random', () => 0);
  const ignore = () => {};
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const specs = servers.map(({ spec }) => spec);
  const openUpstream: PlayedServer['open'] = (options) => {
    const server = servers.find(({ spec }) => spec.host === options.host);
    assert.ok(server);
    return server.open(options);
  };
  const create = (previous?: ServerRegistry, of = specs) => {
    const dependencies = { logger, clock: () => now, openUpstream, previous };
    const registry = new ServerRegistry(of, { ...SETTINGS, ...settings }, dependencies);
    t.after(() => registry.stop(0));
    return registry;
  };
  const pass = async (milliseconds: number) => {
    for (let step = 0; step < milliseconds; step += 100) {
      now += Math.min(100, milliseconds - step);
      t.mock.timers.tick(Math.min(100, milliseconds - step));
      await settled();
    }
  };
  const registry = create();
  /** Reads every server anew and waits until the merged documents are those of that reading. */
  const refreshed = async () => {
    now += SETTINGS.refreshSpacingMs;
    await registry.refresh('unknown-resource');
  };
  const started = async () => {
    registry.start();
    await registry.whenComplete();
  };
  return { registry, create, pass, refreshed, started, now: () => now };
}
