import type { Logger } from '../observe/logger.ts';
import type { Fields } from '../wire/fields.ts';
import type { Upstream, UpstreamEvent } from '../wire/upstream.ts';
import { checkHealth } from './health-check.ts';
import { Repeater } from './repeater.ts';
import {
  conditionOf,
  type HealthPolicy,
  isDecided,
  nextState,
  type Observation,
  type ServerState,
} from './server-state.ts';

export interface ServerHealthOptions {
  /** Of the server, for the log. */
  readonly server: string;
  readonly policy: HealthPolicy & { readonly path: string; readonly intervalMs: number; readonly timeoutMs: number };
  /** Its own connection, so that no load delays a probe. Not used before `start`. */
  readonly upstream: () => Upstream;
  /** Opens connections for one more probe; they are closed when it is over. */
  readonly another: () => Upstream;
  /** Bytes that arrived from the server so far over other connections. */
  readonly received: () => number;
  /** Sent with every probe: who we are. */
  readonly fields: Fields;
  readonly logger: Logger;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
  /** Finds out what the server is now that it is healthy again; resolves to whether it may serve. */
  readonly confirm: () => Promise<boolean>;
  /** Called when the state is another one. */
  readonly changed: () => void;
  /**
   * Called when connections may be dead without a word: one was silent while another one was not (`isOut` false), or
   * nothing is answered and the server is out (after every probe).
   */
  readonly suspected: (isOut: boolean) => void;
}

/**
 * How long a server may leave probes unanswered while it answers others. A busy one is over it by then; one whose store is
 * away goes on to answer from its caches for as long as anybody asks.
 */
const BUSY_MS = 10_000;
/** Characters of an answer that a condition repeats. */
const MOST_SAID = 300;
/**
 * Between probes of a server that failed the last one: one that comes back is noticed soon, and one that fell silent is out
 * soon. Asking a server that is not there costs nobody anything.
 */
const FAILED_PAUSE_MS = 250;
/** Between probes that requests cause; clients can make servers close connections as often as they like. */
const NOTICE_PAUSE_MS = 200;

/** Where it is not the server that is unwell. */
const REMEDIES: ReadonlyMap<number, string> = new Map([
  [
    401,
    "; the server does not believe the proxy's own certificate or token: has it expired, and is its CA in the server's --requestheader-client-ca-file?",
  ],
  [403, "; the server does not let the proxy's own user ask for it: apply deploy/rbac.yaml"],
]);

/** What may mean that nothing on its connections is answered any more. */
const SUSPICIOUS: ReadonlySet<Observation['kind']> = new Set(['silent', 'unreachable']);

/** The health of one server: what probes and other people's connections say, put into one state. */
export class ServerHealth {
  readonly #options: ServerHealthOptions;
  readonly #probing: Repeater;
  #state: ServerState = { kind: 'discovered' };
  #since: number;
  /** What it was to the health of the same server that this one replaces. */
  #inherited: { readonly kind: ServerState['kind']; readonly since: number } | undefined;
  #isSilent = false;
  #mayBeReplaced = false;
  #noticedAt = Number.NEGATIVE_INFINITY;
  /** When a probe was answered last. */
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(options: ServerHealthOptions) {
    this.#options = options;
    this.#since = options.clock();
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

  /** Epoch milliseconds at which it came into this state. */
  get since(): number {
    return this.#since;
  }

  /** Who turns out to be as `previous` has been so since then: a reload changes nothing about a server. */
  inherit(previous: ServerHealth): void {
    this.#inherited = previous.#inherited ?? { kind: previous.#state.kind, since: previous.#since };
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
    const { upstream, another, received, policy, fields, suspected, clock } = this.#options;
    const state = this.#state;
    const result = await checkHealth({
      path: policy.path,
      timeoutMs: policy.timeoutMs,
      fields,
      // Of a server that is out anyway a second opinion would change nothing.
      most: state.kind === 'ready' ? policy.fall - state.failures : 1,
      upstream: upstream(),
      another,
      received: clock() - this.#answeredAt < BUSY_MS ? received : () => 0,
      unanswered: (condition) => this.#observe({ kind: 'silent', condition }),
    });
    this.#isSilent = result.kind === 'unanswered' && result.silent;
    if (result.kind === 'unreachable') this.#observe(result);
    if (result.kind !== 'answered') return false;
    this.#answeredAt = clock();
    const { status, body, byAnother } = result;
    if (byAnother) suspected(false);
    if (status === 200) await this.#healthy();
    else {
      const said = `${policy.path} answered ${status}: ${saidIn(body)}`;
      this.#observe({ kind: 'refused', condition: `${said}${REMEDIES.get(status) ?? ''}` });
    }
    return status === 200;
  }

  async #healthy(): Promise<void> {
    this.#observe({ kind: 'healthy' });
    if (this.#state.kind === 'confirming' && (await this.#options.confirm())) this.#observe({ kind: 'confirmed' });
  }

  #observe(observation: Observation): void {
    const { policy, server, logger, changed, suspected } = this.#options;
    const before = this.#state;
    this.#state = nextState(before, observation, policy);
    if (before.kind !== this.#state.kind) {
      this.#since = this.#inherited?.kind === this.#state.kind ? this.#inherited.since : this.#options.clock();
      if (isDecided(this.#state)) this.#inherited = undefined;
      const condition = conditionOf(this.#state);
      logger.info(`server is ${this.#state.kind}`, { server, was: before.kind, condition });
      changed();
    }
    // After `changed`: what is moved now must not find it among the ready ones.
    if (this.#state.kind === 'unready' && SUSPICIOUS.has(observation.kind)) suspected(true);
  }
}

/** The message of a Status, else the first line. */
function saidIn(body: Buffer): string {
  const said = messageOf(body.toString('utf8')) ?? body.toString('utf8', 0, MOST_SAID).split('\n', 1)[0] ?? '';
  return said.slice(0, MOST_SAID);
}

function messageOf(text: string): string | undefined {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status !== 'object' || status === null || !('message' in status)) return undefined;
    return typeof status.message === 'string' ? status.message : undefined;
  } catch {
    return undefined;
  }
}
