import { isDeepStrictEqual } from 'node:util';
import { type DepartedServer, Departures } from './departures.ts';
import type { Announced, ServerMonitor } from './server-monitor.ts';
import { identityOf, type ServerSpec } from './server-spec.ts';

/** How long connections to a server that left the list may go on with open requests, watches included. */
const LEAVING_GRACE_MS = 300_000;

/** One monitor for each server on the list, and what is left of those that are off it. */
export class ServerMonitors {
  readonly #open: (spec: ServerSpec) => ServerMonitor;
  readonly #clock: () => number;
  readonly #departures: Departures;
  /** Off the list, with open requests. */
  readonly #leaving = new Set<ServerMonitor>();
  #present: readonly ServerMonitor[];
  #isStarted = false;

  /**
   * `open` makes the monitor of one server; `graceMs`: for how long a server that left stays known. What `previous` learned
   * is taken over.
   */
  constructor(
    specs: readonly ServerSpec[],
    open: (spec: ServerSpec) => ServerMonitor,
    graceMs: number,
    clock: () => number,
    previous?: ServerMonitors,
  ) {
    this.#open = open;
    this.#clock = clock;
    this.#departures = new Departures(graceMs);
    this.#present = specs.map((spec) => open(spec));
    if (previous === undefined) return;
    const known = byIdentity(previous.#everKnown);
    for (const monitor of this.#present) inheritFrom(known, monitor);
    this.#departures.note(previous.#departures, previous.#present, this.#present, clock());
  }

  /** Of the servers on the list. */
  get present(): readonly ServerMonitor[] {
    return this.#present;
  }

  /** Servers that left less than the grace ago. */
  get departed(): readonly DepartedServer[] {
    return this.#departures.servers;
  }

  /** Epoch milliseconds until which a server that joined and was never read may serve what nobody else does; 0: no such one. */
  incompleteUntil(graceMs: number): number {
    const unknown = this.#present.filter(({ fetched }) => fetched === undefined);
    return Math.max(0, ...unknown.map(({ joinedAt }) => joinedAt + graceMs));
  }

  /** Whether some server is ready now that is also one of `specs`. */
  keepsReady(specs: readonly ServerSpec[]): boolean {
    const listed = new Map(specs.map((spec) => [spec.name, spec]));
    return this.#present.some(
      ({ spec, state }) => state.kind === 'ready' && isDeepStrictEqual(spec, listed.get(spec.name)),
    );
  }

  start(): void {
    this.#isStarted = true;
    for (const monitor of this.#present) monitor.start();
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStarted = false;
    await Promise.all([...this.#present, ...this.#leaving].map((monitor) => monitor.stop(graceMs)));
  }

  /**
   * From now on the servers are `specs`; `changed` is called before the new ones are watched. Those that stay keep their
   * connections and everything that is open on them; those that are no longer listed get no new requests.
   */
  update(specs: readonly ServerSpec[], changed: () => void): void {
    const before = this.#present;
    const known = byIdentity(this.#everKnown);
    const named = new Map(before.map((monitor) => [monitor.spec.name, monitor]));
    this.#present = specs.map((spec) => {
      const monitor = named.get(spec.name);
      return monitor && isDeepStrictEqual(monitor.spec, spec) ? monitor : inheritFrom(known, this.#open(spec));
    });
    const present = new Set(this.#present);
    this.#departures.note(this.#departures, before, this.#present, this.#clock());
    for (const monitor of before) if (!present.has(monitor)) this.#leave(monitor);
    changed();
    const stayed = new Set(before);
    if (this.#isStarted) for (const monitor of this.#present) if (!stayed.has(monitor)) monitor.start();
  }

  /** The discovery of `monitor`, which was `before`, is another one now: types that a restart took away stay known. */
  compare(monitor: ServerMonitor, before: Announced): void {
    if (this.#present.includes(monitor)) this.#departures.compare(monitor, before, this.#clock());
  }

  /** Forgets servers whose grace is over. */
  prune(): void {
    this.#departures.prune(this.#clock());
  }

  get #everKnown(): readonly ServerMonitor[] {
    return [...this.#present, ...this.#departures.monitors];
  }

  #leave(monitor: ServerMonitor): void {
    this.#leaving.add(monitor);
    void monitor.stop(LEAVING_GRACE_MS).then(() => this.#leaving.delete(monitor));
  }
}

/** The first of each. */
function byIdentity(monitors: readonly ServerMonitor[]): ReadonlyMap<unknown, ServerMonitor> {
  return new Map(monitors.toReversed().map((monitor) => [identityOf(monitor.spec), monitor]));
}

/** Returns `monitor`, which takes over what one of `known` learned of the same server. */
function inheritFrom(known: ReadonlyMap<unknown, ServerMonitor>, monitor: ServerMonitor): ServerMonitor {
  const same = known.get(identityOf(monitor.spec));
  if (same !== undefined) monitor.inherit(same);
  return monitor;
}
