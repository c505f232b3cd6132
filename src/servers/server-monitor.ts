import { parseServerVersion, type ServerVersion } from '../kubernetes/kube-version.ts';
import type { Logger } from '../observe/logger.ts';
import { FetchError, fetchFrom } from '../wire/fetch.ts';
import type { UpstreamEvent } from '../wire/upstream.ts';
import { type ControlIdentity, controlIdentity } from './control-identity.ts';
import { type FetchedDiscovery, fetchDiscovery } from './discovery-fetch.ts';
import { DiscoveryFetchError } from './discovery-fetch-error.ts';
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

export interface MonitorSettings {
  readonly health: HealthPolicy & { readonly path: string; readonly intervalMs: number; readonly timeoutMs: number };
  readonly discovery: { readonly intervalMs: number; readonly timeoutMs: number; readonly maxBytes: number };
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
}

/** Longest pause between attempts to read a failing server's discovery (product.md section 7). */
const DISCOVERY_BACKOFF_MS = 5_000;
const VERSION_BYTES = 64 * 1024;
/** Between probes that requests cause; clients can make servers close connections as often as they like. */
const NOTICE_PAUSE_MS = 200;

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
  readonly #reading: Repeater;
  #state: ServerState = { kind: 'discovered' };
  #version: ServerVersion | undefined;
  #versionKnown = false;
  #fetched: FetchedDiscovery | undefined;
  #confirmedAt = 0;
  #discoveryFailure = '';
  #isRefused = false;
  #mayBeReplaced = false;
  #noticedAt = Number.NEGATIVE_INFINITY;

  /** `changed` is called whenever the snapshot has to be built anew. */
  constructor(spec: ServerSpec, settings: MonitorSettings, dependencies: MonitorDependencies, changed: () => void) {
    this.spec = spec;
    this.#settings = settings;
    this.#logger = dependencies.logger;
    this.#clock = dependencies.clock;
    this.#changed = changed;
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
    this.#reading = new Repeater(() => this.#read(), settings.discovery.intervalMs, DISCOVERY_BACKOFF_MS);
  }

  get state(): ServerState {
    return this.#state;
  }

  get version(): ServerVersion | undefined {
    return this.#version;
  }

  /** The last good document; kept whatever fails later. */
  get fetched(): FetchedDiscovery | undefined {
    return this.#fetched;
  }

  /** Epoch milliseconds of the last successful reading; 0 before the first. */
  get confirmedAt(): number {
    return this.#confirmedAt;
  }

  /** Why discovery cannot be read at the moment; '' when it can. */
  get discoveryFailure(): string {
    return this.#discoveryFailure;
  }

  /** It is ready, and has not been silent when it was probed last, nor for `patienceMs` while it is read. */
  answers(patienceMs: number): boolean {
    return this.#state.kind === 'ready' && this.#state.failures === 0 && this.#reading.busyMs < patienceMs;
  }

  start(): void {
    this.#observe({ kind: 'asked' });
    this.#probing.start();
    if (this.#settings.readsDiscovery) this.#reading.start();
  }

  /** Reads discovery from the beginning: a reading under way may have begun before what the caller waits for. */
  async refresh(): Promise<void> {
    if (this.#settings.readsDiscovery) await this.#reading.again();
  }

  /** Takes over what `previous` learned of the same server, so that a reload forgets nothing. */
  inherit(previous: ServerMonitor): void {
    this.#fetched = previous.#fetched;
    this.#version = previous.#version;
    this.#confirmedAt = previous.#confirmedAt;
  }

  async stop(graceMs: number): Promise<void> {
    this.#probing.stop();
    this.#reading.stop();
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
        maxBytes: VERSION_BYTES,
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
    this.#versionKnown = false;
    const read = this.#settings.readsDiscovery ? await this.#reading.again() : await this.#readVersion();
    if (read || this.#fetched === undefined || this.#isRefused) this.#observe({ kind: 'confirmed' });
  }

  async #read(): Promise<boolean> {
    const { discovery } = this.#settings;
    try {
      if (!this.#versionKnown) await this.#readVersion();
      const options = {
        upstream: this.connections.discovery,
        fields: this.#identity.fields,
        timeoutMs: discovery.timeoutMs,
        maxBytes: discovery.maxBytes,
      };
      const fetched = await fetchDiscovery(options, this.#fetched);
      this.#fetched = fetched;
      this.#confirmedAt = this.#clock();
      if (this.#discoveryFailure !== '') this.#logger.info('discovery can be read again', { server: this.spec.name });
      this.#discoveryFailure = '';
      this.#isRefused = false;
      this.#changed();
      return true;
    } catch (error) {
      const failure = reasonOf(error);
      this.#isRefused = error instanceof DiscoveryFetchError && error.isRefusal;
      if (failure !== this.#discoveryFailure) {
        this.#logger.warn('discovery cannot be read; the last good document is kept', {
          server: this.spec.name,
          reason: failure,
        });
        this.#discoveryFailure = failure;
        this.#changed();
      }
      return false;
    }
  }

  /** A server that is too busy to say its version keeps the one it had; false. */
  async #readVersion(): Promise<boolean> {
    const { discovery } = this.#settings;
    const { status, body } = await fetchFrom(this.connections.discovery, {
      method: 'GET',
      target: '/version',
      fields: this.#identity.fields,
      timeoutMs: discovery.timeoutMs,
      maxBytes: VERSION_BYTES,
    });
    if (status === 429 || status >= 500) return false;
    this.#versionKnown = true;
    this.#version = status === 200 ? parseServerVersion(gitVersionOf(body)) : undefined;
    return true;
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

/** '' for an answer that does not tell. */
function gitVersionOf(body: Buffer): string {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('gitVersion' in parsed)) return '';
    return typeof parsed.gitVersion === 'string' ? parsed.gitVersion : '';
  } catch {
    return '';
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstLine(body: Buffer): string {
  return body.toString('utf8', 0, 200).split('\n', 1)[0] ?? '';
}
