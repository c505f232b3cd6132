import { createSecureContext, type SecureContext } from 'node:tls';
import { authorityOf } from './endpoint.ts';
import { engineOf } from './engines.ts';
import type { RequestHead } from './exchange.ts';
import type { Http2Engine, SessionListener, StreamOutcome, UpstreamSession } from './http2-engine.ts';
import { upgradeUpstream } from './upgrade.ts';
import type {
  UpgradeAnswer,
  Upstream,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamOptions,
  UpstreamReceiver,
} from './upstream.ts';
import { WaitingRequest } from './waiting-request.ts';
import { Witness } from './witness.ts';

/** How many waiting requests one connection under construction is expected to take: kube-apiserver allows 100 streams. */
const EXPECTED_STREAMS = 100;
const MAX_WAITING = 10_000;
/** Bad answers in a row that are told of; single ones are daily business. */
const BAD_STREAK = 5;

/** Dials nothing yet; the first request does. Throws when the CA or the client certificate does not parse. */
export function openUpstream(options: UpstreamOptions): Upstream {
  // From an empty bundle Node would conclude that the system's public authorities may vouch for servers.
  if (!options.ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new TypeError(`The CA bundle for ${authorityOf(options)} holds no certificate in PEM form.`);
  }
  const context = createSecureContext({
    ca: options.ca,
    minVersion: 'TLSv1.2',
    ...(options.certificate === undefined ? {} : options.certificate),
  });
  return new UpstreamPool(options, context, engineOf(options.engine));
}

class UpstreamPool implements Upstream, SessionListener {
  readonly #options: UpstreamOptions;
  readonly #context: SecureContext;
  readonly #engine: Http2Engine;
  readonly #sessions = new Set<UpstreamSession>();
  /** In order of arrival. */
  readonly #waiting = new Set<WaitingRequest>();
  readonly #upgrades = new Set<AbortController>();
  /** Of them, those that the server has not answered yet. */
  readonly #unanswered = new Set<AbortController>();
  #witness: Witness | undefined;
  /** Bytes that arrived over connections that are gone. */
  #receivedBefore = 0;
  #closing = false;
  #badInARow = 0;
  readonly #empty = Promise.withResolvers<void>();

  constructor(options: UpstreamOptions, context: SecureContext, engine: Http2Engine) {
    this.#options = options;
    this.#context = context;
    this.#engine = engine;
  }

  get received(): number {
    let bytes = this.#receivedBefore;
    for (const session of this.#sessions) bytes += session.received;
    return bytes;
  }

  get connections(): number {
    return this.#sessions.size + this.#upgrades.size;
  }

  get inFlight(): number {
    let open = this.#waiting.size + this.#upgrades.size;
    for (const session of this.#sessions) open += session.streams;
    return open;
  }

  request(head: RequestHead, bodyless: boolean, receiver: UpstreamReceiver): UpstreamExchange {
    const session = this.#closing ? undefined : this.#fullest();
    // Before all else: this is what nearly every request comes to.
    if (session !== undefined) {
      try {
        return session.request(head, bodyless, receiver);
      } catch (error) {
        return this.#failLater(this.#hold(head, bodyless, receiver), unsendable(error));
      }
    }
    const waiting = this.#hold(head, bodyless, receiver);
    if (this.#closing) return this.#failLater(waiting, this.#refusal('is no longer used'));
    if (this.#waiting.size >= MAX_WAITING || (this.#count('connecting') === 0 && !this.#mayDial())) {
      return this.#failLater(waiting, this.#full());
    }
    this.#waiting.add(waiting);
    this.#dialForWaiting();
    return waiting;
  }

  #hold(head: RequestHead, bodyless: boolean, receiver: UpstreamReceiver): WaitingRequest {
    return new WaitingRequest(head, bodyless, receiver, (abandoned) => this.#waiting.delete(abandoned));
  }

  async upgrade(head: RequestHead, signal: AbortSignal): Promise<UpgradeAnswer> {
    if (this.#closing) return { kind: 'failed', failure: this.#refusal('is no longer used') };
    const gone = new AbortController();
    this.#upgrades.add(gone);
    this.#unanswered.add(gone);
    const signals = { attempt: signal, connection: gone.signal };
    const answer = await upgradeUpstream(this.#options, this.#context, head, signals, () => {
      this.#upgrades.delete(gone);
      this.#checkEmpty();
    });
    this.#unanswered.delete(gone);
    return answer;
  }

  suspect(timeoutMs: number): void {
    if (this.#closing) return;
    const witness = (): Promise<boolean> => {
      this.#witness ??= new Witness(this.#engine, this.#options, this.#context, timeoutMs, () => this.#dismissed());
      return this.#witness.answered;
    };
    for (const session of this.#sessions) void session.suspect(timeoutMs, witness);
    if (this.#unanswered.size > 0) void this.#suspectUpgrades(witness());
  }

  turnAway(): void {
    if (this.#waiting.size > 0) this.#failWaiting(silence(this.#options));
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#failWaiting(this.#refusal('is no longer used'));
    for (const session of this.#sessions) session.drain();
    this.#witness?.dismiss();
    const timer = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
      for (const upgrade of this.#upgrades) upgrade.abort();
    }, graceMs);
    this.#checkEmpty();
    await this.#empty.promise;
    clearTimeout(timer);
  }

  opened(session: UpstreamSession): void {
    this.#options.onEvent?.({ kind: 'connected', remoteAddress: session.remoteAddress });
    this.roomGained(session);
    this.#dialForWaiting();
    if (this.#count('connecting') === 0) this.#failWaiting(this.#full());
  }

  failed(session: UpstreamSession, failure: UpstreamFailure): void {
    if (this.#sessions.delete(session)) this.#receivedBefore += session.received;
    if (!this.#closing) this.#options.onEvent?.({ kind: 'connect-failed', failure });
    if (this.#count('connecting') === 0) this.#failWaiting(failure);
    this.#checkEmpty();
  }

  finished(outcome: StreamOutcome): void {
    if (outcome === 'good') this.#badInARow = 0;
    if (outcome !== 'bad') return;
    this.#badInARow += 1;
    if (this.#badInARow % BAD_STREAK === 0) this.#options.onEvent?.({ kind: 'failing' });
  }

  roomGained(session: UpstreamSession): void {
    for (const waiting of this.#waiting) {
      if (session.room <= 0) return;
      this.#waiting.delete(waiting);
      try {
        waiting.start(session.request(waiting.head, waiting.bodyless, waiting.receiver));
      } catch (error) {
        waiting.receiver.failed(unsendable(error));
      }
    }
  }

  idle(session: UpstreamSession): void {
    // One connection is kept warm, so that the next request does not pay for a handshake.
    if (this.#count('open') > 1) session.drain();
  }

  goaway(): void {
    this.#options.onEvent?.({ kind: 'goaway' });
  }

  closed(session: UpstreamSession, failure: UpstreamFailure | undefined): void {
    if (this.#sessions.delete(session)) this.#receivedBefore += session.received;
    if (failure !== undefined && !this.#closing) this.#options.onEvent?.({ kind: 'connection-lost', failure });
    this.#checkEmpty();
  }

  async #suspectUpgrades(isAnswered: Promise<boolean>): Promise<void> {
    const suspected = [...this.#unanswered];
    if (await isAnswered) return;
    for (const upgrade of suspected) if (this.#unanswered.has(upgrade)) upgrade.abort();
  }

  #dismissed(): void {
    this.#witness = undefined;
    this.#checkEmpty();
  }

  /**
   * The fullest that has room. What one client opens together stays together that way, so that an event for all its watches
   * comes in one read and leaves in one write; and what was opened for a rush empties when it is over.
   */
  #fullest(): UpstreamSession | undefined {
    let best: UpstreamSession | undefined;
    for (const session of this.#sessions) {
      if (session.room > 0 && (best === undefined || session.streams > best.streams)) best = session;
    }
    return best;
  }

  #dialForWaiting(): void {
    let missing = Math.ceil(this.#waiting.size / EXPECTED_STREAMS) - this.#count('connecting');
    for (; missing > 0 && this.#mayDial(); missing -= 1) {
      this.#sessions.add(this.#engine.dial(this.#options, this.#context, this));
    }
  }

  /** Connections that only finish what they have do not count: a server that says GOAWAY must not lock itself out. */
  #mayDial(): boolean {
    return this.#count('connecting') + this.#count('open') < this.#options.maxConnections;
  }

  #count(kind: UpstreamSession['kind']): number {
    let count = 0;
    for (const session of this.#sessions) if (session.kind === kind) count += 1;
    return count;
  }

  #failWaiting(failure: UpstreamFailure): void {
    const failed = [...this.#waiting];
    this.#waiting.clear();
    for (const waiting of failed) waiting.receiver.failed(failure);
  }

  #failLater(waiting: WaitingRequest, failure: UpstreamFailure): UpstreamExchange {
    let abandoned = false;
    queueMicrotask(() => {
      if (!abandoned) waiting.receiver.failed(failure);
    });
    return { body: waiting.body, reset: () => (abandoned = true) };
  }

  #full(): UpstreamFailure {
    return this.#refusal(
      `has no room: all ${this.#options.maxConnections} connections carry as many requests as it allows`,
    );
  }

  #refusal(why: string): UpstreamFailure {
    const message = `the upstream ${authorityOf(this.#options)} ${why}; nothing was sent`;
    return { processed: 'no', reason: 'refused', cause: 'overloaded', message };
  }

  #checkEmpty(): void {
    if (this.#closing && this.#sessions.size === 0 && this.#upgrades.size === 0 && this.#witness === undefined) {
      this.#empty.resolve();
    }
  }
}

function silence(options: UpstreamOptions): UpstreamFailure {
  const message = `${authorityOf(options)} no longer answers; nothing was sent`;
  return { processed: 'no', reason: 'refused', cause: 'timeout', message };
}

function unsendable(error: unknown): UpstreamFailure {
  const detail = error instanceof Error ? error.message : String(error);
  return { processed: 'no', reason: 'protocol', cause: 'protocol', message: `the request cannot be sent: ${detail}` };
}
