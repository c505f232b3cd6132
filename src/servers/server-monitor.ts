import type { ServerVersion } from '../kubernetes/kube-version.ts';
import { DiscoveryCounters } from '../observe/discovery-counters.ts';
import type { Logger } from '../observe/logger.ts';
import { FetchError, fetchFrom } from '../wire/fetch.ts';
import type { UpstreamEvent } from '../wire/upstream.ts';
import { type ControlIdentity, controlIdentity } from './control-identity.ts';
import type { FetchedDiscovery } from './discovery/discovery-fetch.ts';
import type { DiscoveryErrorReason } from './discovery/discovery-fetch-error.ts';
import { DiscoveryReader } from './discovery/discovery-reader.ts';
import { OpenAPIReader } from './openapi/openapi-reader.ts';
import type { PeerTrust } from './peer-trust.ts';
import { Repeater } from './repeater.ts';
import {
  type ConnectionSettings,
  type OpenUpstream,
  openServerConnections,
  type ServerConnections,
} from './server-connections.ts';
import type { ServerSpec } from './server-spec.ts';
import { conditionOf, type HealthPolicy, nextState, type Observation, type ServerState } from './server-state.ts';
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
}

const HEALTH_BYTES = 64 * 1024;
/** Between probes that requests cause; clients can make servers close connections as often as they like. */
const NOTICE_PAUSE_MS = 200;

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
  readonly #logger: Logger;
  readonly #changed: () => void;
  readonly #clock: () => number;
  readonly #identity: ControlIdentity;
  readonly #probing: Repeater;
  readonly #reader: DiscoveryReader;
  /** Of OpenAPI, which is read beside discovery. */
  readonly openapi: OpenAPIReader;
  readonly #followUps: readonly FollowUp[];
  readonly #watches: ServerWatches | undefined;
  readonly #counters: DiscoveryCounters;
  #state: ServerState = { kind: 'discovered' };
  #announced: Announced | undefined;
  #mayBeReplaced = false;
  #noticedAt = Number.NEGATIVE_INFINITY;

  /** `changed` is called whenever the snapshot has to be built anew. */
  constructor(spec: ServerSpec, settings: MonitorSettings, dependencies: MonitorDependencies, changed: () => void) {
    this.spec = spec;
    this.#settings = settings;
    this.#logger = dependencies.logger;
    this.#clock = dependencies.clock;
    this.#changed = () => {
      if (this.#state.kind === 'ready') this.#announced = { version: this.version, fetched: this.fetched };
      changed();
    };
    this.#counters = dependencies.counters ?? new DiscoveryCounters();
    this.#identity = controlIdentity(settings.trust);
    this.connections = openServerConnections(
      spec,
      settings.trust,
      this.#identity.certificate,
      settings.connections,
      { clients: (event) => this.#noticed(event), probe: (event) => this.#probeEvent(event) },
      dependencies.openUpstream,
    );
    this.#probing = new Repeater(() => this.#probe(), settings.health.intervalMs);
    this.#reader = new DiscoveryReader({
      server: spec.name,
      upstream: this.connections.discovery,
      fields: this.#identity.fields,
      readyPath: settings.health.path,
      ...settings.discovery,
      logger: this.#logger,
      clock: this.#clock,
      changed: this.#changed,
      counted: (result) => this.#counters.read(spec.name, result),
    });
    this.openapi = new OpenAPIReader({
      server: spec.name,
      upstream: this.connections.discovery,
      fields: this.#identity.fields,
      ...settings.discovery,
      logger: this.#logger,
      changed,
    });
    this.#followUps = [
      new FollowUp(() => this.#readDiscovery(), DISCOVERY_TIMES_MS),
      new FollowUp(() => this.#readOpenAPI(), OPENAPI_TIMES_MS),
    ];
    this.#watches =
      settings.readsDiscovery && settings.discovery.watch
        ? new ServerWatches({
            server: spec.name,
            upstream: this.connections.discovery,
            fields: this.#identity.fields,
            timeoutMs: settings.discovery.timeoutMs,
            logger: this.#logger,
            triggered: (trigger) => dependencies.triggered?.(trigger, this),
          })
        : undefined;
  }

  get state(): ServerState {
    return this.#state;
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
    return this.#state.kind === 'ready' && this.#state.failures === 0 && this.#reader.busyMs < patienceMs;
  }

  start(): void {
    this.#observe({ kind: 'asked' });
    this.#probing.start();
    if (!this.#settings.readsDiscovery) return;
    this.#reader.start();
    this.openapi.start();
  }

  /** Reads discovery from the beginning: a reading under way may have begun before what the caller waits for. */
  async refresh(): Promise<void> {
    if (!this.#settings.readsDiscovery) return;
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
    void this.#probing.now();
  }

  /** Takes over what `previous` learned of the same server, so that a reload forgets nothing. */
  inherit(previous: ServerMonitor): void {
    this.#reader.inherit(previous.#reader);
    this.#announced = previous.#announced;
    this.openapi.inherit(previous.openapi);
  }

  async stop(graceMs: number): Promise<void> {
    this.#probing.stop();
    this.#reader.stop();
    this.openapi.stop();
    for (const followUp of this.#followUps) followUp.stop();
    this.#watches?.stop();
    await this.connections.close(graceMs);
  }

  async #probe(): Promise<boolean> {
    const { health } = this.#settings;
    try {
      const { status, body } = await fetchFrom(this.connections.probe, {
        method: 'GET',
        target: health.path,
        fields: this.#identity.fields,
        timeoutMs: health.timeoutMs,
        maxBytes: HEALTH_BYTES,
      });
      if (status === 200) await this.#healthy();
      else this.#observe({ kind: 'refused', condition: `${health.path} answered ${status}: ${firstLine(body)}` });
      return status === 200;
    } catch (error) {
      // A shortage of ours (descriptors, ports) says nothing about the server.
      const isOurs = error instanceof FetchError && error.failure.cause === 'overloaded';
      if (!isOurs) this.#observe({ kind: 'silent', condition: reasonOf(error) });
      return false;
    }
  }

  /**
   * A server that became healthy may be another binary by now: it serves only after its tables were read again. One whose
   * tables were never read has none that could be wrong, and one that refuses us the reading will not change its mind.
   */
  async #healthy(): Promise<void> {
    this.#observe({ kind: 'healthy' });
    if (this.#state.kind !== 'confirming') return;
    this.#counters.triggered('health');
    this.#watches?.ask();
    this.#reader.forgetVersion();
    void this.openapi.again();
    const read = this.#settings.readsDiscovery ? await this.#reader.again() : await this.#reader.readVersion();
    if (read || this.fetched === undefined || this.#reader.isRefused) this.#observe({ kind: 'confirmed' });
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

  /** Passive signals: a request that found nobody listening is proof enough; a lost connection asks for a probe. */
  #noticed(event: UpstreamEvent): void {
    if (event.kind === 'connected') return;
    if (event.kind === 'connect-failed' && event.failure.cause === 'connect') {
      this.#observe({ kind: 'unreachable', condition: event.failure.message });
    }
    const now = this.#clock();
    if (now - this.#noticedAt < NOTICE_PAUSE_MS) return;
    this.#noticedAt = now;
    void this.#probing.now();
  }

  /** The probe's connection breaks with the server's process; GOAWAY alone is kube-apiserver's way to spread clients. */
  #probeEvent(event: UpstreamEvent): void {
    if (event.kind === 'connection-lost') this.#mayBeReplaced = true;
    if (event.kind !== 'connected' || !this.#mayBeReplaced) return;
    this.#mayBeReplaced = false;
    this.#observe({ kind: 'replaced' });
  }

  #observe(observation: Observation): void {
    const next = nextState(this.#state, observation, this.#settings.health);
    if (next === this.#state) return;
    const before = this.#state;
    this.#state = next;
    if (before.kind === next.kind) return;
    this.#logger.info(`server is ${next.kind}`, {
      server: this.spec.name,
      was: before.kind,
      condition: conditionOf(next),
    });
    this.#changed();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstLine(body: Buffer): string {
  return body.toString('utf8', 0, 200).split('\n', 1)[0] ?? '';
}
