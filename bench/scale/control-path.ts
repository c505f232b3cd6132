import { setTimeout as sleep } from 'node:timers/promises';
import type { PeerTrust } from '../../src/servers/peer-trust.ts';
import { type RegistrySettings, ServerRegistry } from '../../src/servers/server-registry.ts';
import { documentOf, groupName, type Population, VERSIONS, versionOf } from './documents.ts';
import { type Encoded, encode, SimulatedServer } from './simulated-server.ts';
import { TurnMeter } from './turn-meter.ts';

const TRUST: PeerTrust = {
  ca: 'not looked at: nothing is dialled',
  isConfigured: true,
  frontProxy: { cert: '', key: '' },
  control: undefined,
};

/** The defaults, but for limits that a simulation cannot meet. */
const SETTINGS: RegistrySettings = {
  health: { path: '/readyz', fall: 2, rise: 1, intervalMs: 1_000, timeoutMs: 30_000 },
  discovery: { intervalMs: 2_000, timeoutMs: 120_000, maxBytes: 16_777_216, watch: true },
  connections: { connectTimeoutMs: 2_000, pingIntervalMs: 1_000, pingTimeoutMs: 1_000, maxConnections: 4 },
  trust: TRUST,
  staleAfterMs: 120_000,
  graceMs: 300_000,
  expireAfterMs: undefined,
  refreshSpacingMs: 200,
};

const RESTING_MS = 10_000;
const FLIPS = 20;

export interface ControlPathResult {
  readonly population: Population;
  readonly documentBytes: number;
  /** Milliseconds from the start to the merged documents of all. */
  readonly startMs: number;
  /** Longest turns of the event loop, in milliseconds. */
  readonly turns: {
    readonly start: number;
    readonly flip: number;
    readonly oneChanges: number;
    readonly allChange: number;
  };
  /** From the event to the snapshot that says so, in milliseconds: median and longest. */
  readonly flipMs: { readonly median: number; readonly longest: number };
  readonly allChangeMs: number;
  /** Bytes of heap and buffers for everything that is known of the servers. */
  readonly bytes: number;
  /** At rest, by second. */
  readonly rest: { readonly cpuMs: number; readonly snapshots: number; readonly answers: number };
}

/** The whole control path over simulated servers: monitors with their timers, readings, tables, merged documents. */
export async function measureControlPath(population: Population): Promise<ControlPathResult> {
  const known = new Map<string, Encoded>();
  const encodedFor = (server: number, extra: readonly string[] = []): Encoded => {
    const isOwn = population.variety !== 'versions';
    const key = `${isOwn ? server : versionOf(server)} ${extra.join()}`;
    const encoded = known.get(key) ?? encode(documentOf(server, population, extra));
    if (!isOwn) known.set(key, encoded);
    return encoded;
  };
  const servers = Array.from({ length: population.servers }, (_, i) => {
    const name = `server-${String(i).padStart(3, '0')}`;
    return new SimulatedServer(name, VERSIONS[versionOf(i)] ?? '', encodedFor(i));
  });
  const byHost = new Map(servers.map((server) => [server.spec.host, server]));
  const ignore = () => {};
  const logger = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (message: string) => process.stderr.write(`${message}\n`),
  };
  const before = usedBytes();
  const registry = new ServerRegistry(
    servers.map(({ spec }) => spec),
    SETTINGS,
    {
      logger,
      clock: () => performance.timeOrigin + performance.now(),
      openUpstream: (options) => {
        const server = byHost.get(options.host);
        if (server === undefined) throw new RangeError(`there is no server ${options.host}`);
        return server.open(options);
      },
    },
  );
  const meter = new TurnMeter();
  const capable = (resource: string): number => {
    const found = registry.snapshot.table.lookup(groupName(0), 'v1', resource, '', 'get');
    return found.kind === 'capable' ? found.servers.length : 0;
  };
  const isSettled = () => registry.settled;
  try {
    meter.start();
    const startedAt = performance.now();
    registry.start();
    await until(() => capable('things0') === population.servers && registry.anyReady && isSettled());
    const startMs = performance.now() - startedAt;
    const start = meter.stop();
    await sleep(3_000);
    const bytes = usedBytes() - before;

    const rest = await measureRest(registry, servers);

    meter.start();
    const flips: number[] = [];
    for (const server of servers.slice(0, FLIPS)) {
      const position = registry.snapshot.positions.get(server.spec.name) ?? -1;
      const flippedAt = performance.now();
      server.refuse();
      flips.push(performance.now() - flippedAt);
      if (registry.snapshot.servers[position]?.ready !== false) throw new Error('the flip was not seen');
      await until(isSettled);
      server.isDown = false;
      await until(() => registry.snapshot.servers[position]?.ready === true);
      await until(isSettled);
    }
    const flip = meter.stop();
    flips.sort((a, b) => a - b);

    const [changing] = servers;
    if (changing === undefined) throw new RangeError('there are no servers');
    const one = encodedFor(0, ['added']);
    meter.start();
    changing.encoded = one;
    await until(() => capable('added') === 1 && isSettled());
    const oneChanges = meter.stop();

    const all = servers.map((_, i) => encodedFor(i, ['added', 'more']));
    meter.start();
    const changedAt = performance.now();
    for (const [i, server] of servers.entries()) server.encoded = all[i] ?? one;
    await until(() => capable('more') === population.servers && isSettled());
    const allChangeMs = performance.now() - changedAt;
    const allChange = meter.stop();
    return {
      population,
      documentBytes: one.roots['/apis']?.body.length ?? 0,
      startMs,
      turns: { start, flip, oneChanges, allChange },
      flipMs: { median: flips[flips.length >> 1] ?? 0, longest: flips.at(-1) ?? 0 },
      allChangeMs,
      bytes,
      rest,
    };
  } finally {
    meter.stop();
    await registry.stop(0);
  }
}

async function measureRest(registry: ServerRegistry, servers: readonly SimulatedServer[]) {
  const count = () => servers.reduce((sum, { answers }) => sum + answers, 0);
  const [generation, answered, cpu] = [registry.snapshot.generation, count(), process.cpuUsage()];
  await sleep(RESTING_MS);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = RESTING_MS / 1_000;
  return {
    cpuMs: (user + system) / 1_000 / seconds,
    snapshots: (registry.snapshot.generation - generation) / seconds,
    answers: (count() - answered) / seconds,
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 300_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the simulation did not get there in five minutes');
    await sleep(2);
  }
}

/** Of objects and buffers after everything that can be collected was. */
function usedBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
