import type { Logger } from '../observe/logger.ts';
import { FetchError, fetchFrom } from '../wire/fetch.ts';
import type { Fields } from '../wire/fields.ts';
import type { Upstream, UpstreamEvent } from '../wire/upstream.ts';
import { Repeater } from './repeater.ts';
import { conditionOf, type HealthPolicy, nextState, type Observation, type ServerState } from './server-state.ts';

export interface ServerHealthOptions {
  /** Of the server, for the log. */
  readonly server: string;
  readonly policy: HealthPolicy & { readonly path: string; readonly intervalMs: number; readonly timeoutMs: number };
  /** Its own connection, so that no load delays a probe. Not used before `start`. */
  readonly upstream: () => Upstream;
  /** Sent with every probe: who we are. */
  readonly fields: Fields;
  readonly logger: Logger;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
  /** Finds out what the server is now that it is healthy again; resolves to whether it may serve. */
  readonly confirm: () => Promise<boolean>;
  /** Called when the state is another one. */
  readonly changed: () => void;
}

const PROBE_BYTES = 64 * 1024;
/**
 * Between probes of a server that failed the last one: one that comes back is noticed soon, and one that fell silent is out
 * soon. Asking a server that is not there costs nobody anything.
 */
const FAILED_PAUSE_MS = 250;
/** Between probes that requests cause; clients can make servers close connections as often as they like. */
const NOTICE_PAUSE_MS = 200;

/** The health of one server: what probes and other people's connections say, put into one state. */
export class ServerHealth {
  readonly #options: ServerHealthOptions;
  readonly #probing: Repeater;
  #state: ServerState = { kind: 'discovered' };
  #isSilent = false;
  #mayBeReplaced = false;
  #noticedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ServerHealthOptions) {
    this.#options = options;
    const { intervalMs } = options.policy;
    this.#probing = new Repeater(
      () => this.#probe(),
      intervalMs,
      () => Math.min(intervalMs, FAILED_PAUSE_MS),
    );
  }

  get state(): ServerState {
    return this.#state;
  }

  start(): void {
    this.#observe({ kind: 'asked' });
    this.#probing.start();
  }

  stop(): void {
    this.#probing.stop();
  }

  /** The last probe got no answer in time: another one is not worth waiting for. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Probes from the beginning. Resolves when the state says what came of it; a server that is back is ready by then. */
  async probe(): Promise<void> {
    await this.#probing.again();
  }

  /** Probes now. */
  check(): void {
    void this.#probing.now();
  }

  /**
   * What happened to a connection that carries requests: one that found nobody listening is proof enough; a lost one asks
   * for a probe.
   */
  noticed(event: UpstreamEvent): void {
    if (event.kind === 'connected') return;
    if (event.kind === 'connect-failed' && event.failure.cause === 'connect') {
      this.#observe({ kind: 'unreachable', condition: event.failure.message });
    }
    const now = this.#options.clock();
    if (now - this.#noticedAt < NOTICE_PAUSE_MS) return;
    this.#noticedAt = now;
    this.check();
  }

  /**
   * What happened to the probe's own connection. It breaks with the server's process; GOAWAY alone is kube-apiserver's way to
   * spread clients.
   */
  probeNoticed(event: UpstreamEvent): void {
    if (event.kind === 'connection-lost') this.#mayBeReplaced = true;
    if (event.kind !== 'connected' || !this.#mayBeReplaced) return;
    this.#mayBeReplaced = false;
    this.#observe({ kind: 'replaced' });
  }

  async #probe(): Promise<boolean> {
    const { upstream, policy, fields } = this.#options;
    try {
      const { status, body } = await fetchFrom(upstream(), {
        method: 'GET',
        target: policy.path,
        fields,
        timeoutMs: policy.timeoutMs,
        maxBytes: PROBE_BYTES,
      });
      this.#isSilent = false;
      if (status === 200) await this.#healthy();
      else this.#observe({ kind: 'refused', condition: `${policy.path} answered ${status}: ${firstLine(body)}` });
      return status === 200;
    } catch (error) {
      const condition = error instanceof Error ? error.message : String(error);
      const cause = error instanceof FetchError ? error.failure.cause : undefined;
      this.#isSilent = error instanceof FetchError && error.reason === 'timeout';
      // A shortage of ours (descriptors, ports) says nothing about the server, and nobody listening says all.
      if (cause === 'connect') this.#observe({ kind: 'unreachable', condition });
      else if (cause !== 'overloaded') this.#observe({ kind: 'silent', condition });
      return false;
    }
  }

  async #healthy(): Promise<void> {
    this.#observe({ kind: 'healthy' });
    if (this.#state.kind === 'confirming' && (await this.#options.confirm())) this.#observe({ kind: 'confirmed' });
  }

  #observe(observation: Observation): void {
    const { policy, server, logger, changed } = this.#options;
    const before = this.#state;
    this.#state = nextState(before, observation, policy);
    if (before.kind === this.#state.kind) return;
    const condition = conditionOf(this.#state);
    logger.info(`server is ${this.#state.kind}`, { server, was: before.kind, condition });
    changed();
  }
}

function firstLine(body: Buffer): string {
  return body.toString('utf8', 0, 200).split('\n', 1)[0] ?? '';
}
