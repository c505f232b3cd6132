import type { ServerVersion } from '../kubernetes/kube-version.ts';
import { DiscoveryCounters } from '../observe/discovery-counters.ts';
import type { Logger } from '../observe/logger.ts';
import { controlIdentity } from './control-identity.ts';
import type { FetchedDiscovery } from './discovery/discovery-fetch.ts';
import type { DiscoveryErrorReason } from './discovery/discovery-fetch-error.ts';
import { DiscoveryReader } from './discovery/discovery-reader.ts';
import { NativeProxyWatch } from './discovery/native-proxy.ts';
import { OpenAPIReader } from './openapi/openapi-reader.ts';
import type { PeerTrust } from './peer-trust.ts';
import {
  type ConnectionSettings,
  type OpenUpstream,
  openServerConnections,
  type ServerConnections,
} from './server-connections.ts';
import { ServerHealth } from './server-health.ts';
import type { ServerSpec } from './server-spec.ts';
import type { HealthPolicy, ServerState } from './server-state.ts';
import { DISCOVERY_TIMES_MS, FollowUp, OPENAPI_TIMES_MS } from './watches/follow-up.ts';
import { ServerWatches, type WatchStatus } from './watches/server-watches.ts';
import type { WatchTrigger } from './watches/watched-resource.ts';

export interface MonitorSettings {
  readonly health: HealthPolicy & { readonly path: string; readonly intervalMs: number; readonly timeoutMs: number };
  readonly discovery: {
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly maxBytes: number;
    /** Watches what announces changes of discovery. */
    readonly watch: boolean;
  };
  readonly connections: ConnectionSettings;
  readonly trust: PeerTrust;
  /** False with a server-local view: nothing is merged, so nothing is read. */
  readonly readsDiscovery: boolean;
}

export interface MonitorDependencies {
  readonly logger: Logger;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
  /** Default: the wire's. */
  readonly openUpstream?: OpenUpstream | undefined;
  /** Called for every change that is watched. */
  readonly triggered?: ((trigger: WatchTrigger, at: ServerMonitor) => void) | undefined;
  readonly counters?: DiscoveryCounters | undefined;
  /** Called before `changed` when its discovery is not the same as `before`. */
  readonly compared?: ((monitor: ServerMonitor, before: Announced) => void) | undefined;
}

/** What the merged view says of a server. */
export interface Announced {
  readonly version: ServerVersion | undefined;
  readonly fetched: FetchedDiscovery | undefined;
}

/** Watches one server: its health, its version, its discovery. Everything it learns leads to `changed`. */
export class ServerMonitor {
  readonly spec: ServerSpec;
  readonly connections: ServerConnections;
  readonly #settings: MonitorSettings;
  readonly #health: ServerHealth;
  readonly #reader: DiscoveryReader;
  /** Of OpenAPI, which is read beside discovery. */
  readonly openapi: OpenAPIReader;
  /** Of its own mixed version proxy. */
  readonly native: NativeProxyWatch;
  readonly #followUps: readonly FollowUp[];
  readonly #watches: ServerWatches | undefined;
  readonly #counters: DiscoveryCounters;
  #announced: Announced | undefined;
  /** What it said last. */
  #said: Announced = { version: undefined, fetched: undefined };
  #joinedAt: number;

  /** `changed` is called whenever the snapshot has to be built anew. */
  constructor(spec: ServerSpec, settings: MonitorSettings, dependencies: MonitorDependencies, changed: () => void) {
    const { logger, clock } = dependencies;
    const { fields, certificate } = controlIdentity(settings.trust);
    const learned = () => {
      this.#compare(dependencies.compared);
      const { kind } = this.state;
      if (kind === 'ready') this.#announced = { version: this.version, fetched: this.fetched };
      else if (kind !== 'confirming') this.#watches?.pause();
      changed();
    };
    this.spec = spec;
    this.#joinedAt = clock();
    this.#settings = settings;
    this.#counters = dependencies.counters ?? new DiscoveryCounters();
    this.#health = new ServerHealth({
      server: spec.name,
      policy: settings.health,
      upstream: () => this.connections.probe,
      another: () => this.connections.anotherProbe(),
      received: () => this.connections.received(),
      fields,
      logger,
      clock,
      confirm: () => this.#confirm(),
      changed: learned,
      suspected: (isOut) => {
        if (isOut) this.connections.turnAway();
        this.connections.suspect(settings.health.timeoutMs);
      },
    });
    this.connections = openServerConnections(
      spec,
      settings.trust,
      certificate,
      settings.connections,
      { clients: (event) => this.#health.noticed(event), probe: (event) => this.#health.probeNoticed(event) },
      dependencies.openUpstream,
    );
    const reading = { server: spec.name, upstream: this.connections.discovery, fields, ...settings.discovery, logger };
    this.#reader = new DiscoveryReader({
      ...reading,
      readyPath: settings.health.path,
      clock,
      changed: learned,
      counted: (result) => this.#counters.read(spec.name, result),
    });
    this.openapi = new OpenAPIReader({ ...reading, changed });
    this.native = new NativeProxyWatch({ ...reading, clock, etag: () => this.fetched?.conditions['/apis']?.etag });
    this.#followUps = [
      new FollowUp(() => this.#readDiscovery(), DISCOVERY_TIMES_MS),
      new FollowUp(() => this.#readOpenAPI(), OPENAPI_TIMES_MS),
    ];
    this.#watches =
      settings.readsDiscovery && settings.discovery.watch
        ? new ServerWatches({ ...reading, triggered: (trigger) => dependencies.triggered?.(trigger, this) })
        : undefined;
  }

  /** Epoch milliseconds since when it is on the list, as far as we know. */
  get joinedAt(): number {
    return this.#joinedAt;
  }

  get state(): ServerState {
    return this.#health.state;
  }

  /** Epoch milliseconds since when it is in this state. */
  get stateSince(): number {
    return this.#health.since;
  }

  get version(): ServerVersion | undefined {
    return this.#reader.version;
  }

  /** The last good document; kept whatever fails later. */
  get fetched(): FetchedDiscovery | undefined {
    return this.#reader.fetched;
  }

  /**
   * What it was when it was last ready; before it ever was, what it says. A server that starts answers discovery before it
   * serves: types that come with it would be seen as Stale where they were not missed yet.
   */
  get announced(): Announced {
    return this.#announced ?? { version: this.version, fetched: this.fetched };
  }

  /** Epoch milliseconds at which the last successful reading began: it saw everything older. 0 before the first. */
  get readAt(): number {
    return this.#reader.beganAt;
  }

  /** Epoch milliseconds of the last successful reading; 0 before the first. */
  get confirmedAt(): number {
    return this.#reader.confirmedAt;
  }

  /** Why discovery cannot be read at the moment; '' when it can. */
  get discoveryFailure(): string {
    return this.#reader.failure;
  }

  /** The same in one word; undefined when it can. */
  get discoveryErrorReason(): DiscoveryErrorReason | undefined {
    return this.#reader.reason;
  }

  /** How often reading discovery failed, by reason. */
  get discoveryErrors(): ReadonlyMap<DiscoveryErrorReason, number> {
    return this.#reader.errors;
  }

  /** It is ready, and has not been silent when it was probed last, nor for `patienceMs` while it is read. */
  answers(patienceMs: number): boolean {
    return this.state.kind === 'ready' && this.state.failures === 0 && this.#reader.busyMs < patienceMs;
  }

  start(): void {
    this.#health.start();
    if (!this.#settings.readsDiscovery) return;
    this.#reader.start();
    this.openapi.start();
    this.native.start();
  }

  /** It was not ready when it was looked at last, but says so at once: it may be back by now. */
  get mayBeBack(): boolean {
    const { kind } = this.state;
    return (kind === 'unready' || kind === 'draining' || kind === 'confirming') && !this.#health.isSilent;
  }

  /**
   * Reads discovery from the beginning: a reading under way may have begun before what the caller waits for. Of a server that
   * is not ready it is also seen whether it is back, and if it only says so soon, what it will serve then.
   */
  async refresh(): Promise<void> {
    if (!this.#settings.readsDiscovery) return;
    if (this.state.kind !== 'ready') {
      await Promise.all([this.#health.probe(), this.#reader.again()]);
      return;
    }
    await Promise.all([this.#reader.again(), this.openapi.againIfPrompt()]);
  }

  /** What announces changes of its discovery; empty when nothing is watched. */
  get watches(): WatchStatus[] {
    return this.#watches?.status ?? [];
  }

  /** It will tell of such changes itself. */
  sees(trigger: WatchTrigger): boolean {
    return this.#watches?.sees(trigger) === true;
  }

  /** Something changed that its discovery will show soon: reads it now, and again for a short while. */
  follow(): void {
    if (!this.#settings.readsDiscovery) return;
    for (const followUp of this.#followUps) followUp.event();
  }

  /** Its health may have changed. */
  check(): void {
    this.#health.check();
  }

  /** Takes over what `previous` learned of the same server, so that a reload forgets nothing. */
  inherit(previous: ServerMonitor): void {
    this.#joinedAt = previous.#joinedAt;
    this.#health.inherit(previous.#health);
    this.#reader.inherit(previous.#reader);
    this.#announced = previous.#announced;
    this.#said = previous.#said;
    this.openapi.inherit(previous.openapi);
  }

  async stop(graceMs: number): Promise<void> {
    this.#health.stop();
    this.#reader.stop();
    this.openapi.stop();
    this.native.stop();
    for (const followUp of this.#followUps) followUp.stop();
    this.#watches?.stop();
    await this.connections.close(graceMs);
  }

  /**
   * A server that became healthy may be another binary by now: it serves only after its tables were read again. One whose
   * tables were never read has none that could be wrong, and one that refuses us the reading will not change its mind.
   */
  async #confirm(): Promise<boolean> {
    this.#counters.triggered('health');
    this.#watches?.ask();
    this.#reader.forgetVersion();
    this.native.forget();
    void this.openapi.again();
    const read = this.#settings.readsDiscovery ? await this.#reader.again() : await this.#reader.readVersion();
    return read || this.fetched === undefined || this.#reader.isRefused;
  }

  #compare(compared: MonitorDependencies['compared']): void {
    const before = this.#said;
    if (this.fetched === before.fetched) return;
    this.#said = { version: this.version, fetched: this.fetched };
    compared?.(this, before);
  }

  /** Whether it found something new. */
  async #readDiscovery(): Promise<boolean> {
    const before = this.fetched;
    await this.#reader.again();
    return this.fetched !== before;
  }

  /** As `#readDiscovery`; apart from it, so that neither waits for the other. */
  async #readOpenAPI(): Promise<boolean> {
    const before = this.openapi.seen.index;
    await this.openapi.again();
    return this.openapi.seen.index !== before;
  }
}
