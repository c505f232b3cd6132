import { type ClientHttp2Session, connect } from 'node:http2';
import type { SecureContext, TLSSocket } from 'node:tls';
import { authorityOf } from '../endpoint.ts';
import type { RequestHead } from '../exchange.ts';
import type { SessionListener, StreamOutcome, UpstreamSession } from '../http2-engine.ts';
import { connectFailure, lostConnection } from '../node-error.ts';
import type { UpstreamExchange, UpstreamFailure, UpstreamOptions, UpstreamReceiver } from '../upstream.ts';
import { dial, WireError } from '../upstream-socket.ts';
import { keepAlive } from './keep-alive.ts';
import { signOfLife } from './sign-of-life.ts';
import { type StreamOwner, UpstreamStream } from './upstream-stream.ts';

const STREAM_WINDOW = 1024 * 1024;
const CONNECTION_WINDOW = 16 * 1024 * 1024;
const IDLE_MS = 90_000;
const CLOSE_MS = 5000;
const LAST_STREAM_ID = 2 ** 31 - 2 ** 16;

const SESSION_OPTIONS = {
  settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: 256 * 1024 },
  maxHeaderListPairs: 2000,
  // Node ends the whole connection, not the one request, when a head exceeds this; clients' heads are bounded long before.
  maxSendHeaderBlockLength: 1024 * 1024,
  maxSessionMemory: 256,
  // A client's repeated field is the server's to judge.
  strictSingleValueFields: false,
};

type State =
  /** Until TLS is verified and the server's SETTINGS are here; only then its limit on streams is known. */
  | { readonly kind: 'connecting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'open'; readonly session: ClientHttp2Session; readonly stopPings: () => void; maxStreams: number }
  /** No new streams; `lastStreamId` is set when the server said GOAWAY. */
  | {
      readonly kind: 'draining';
      readonly session: ClientHttp2Session;
      readonly stopPings: () => void;
      readonly lastStreamId: number | undefined;
    }
  | { readonly kind: 'closed' };

/** One HTTP/2 connection to a server. It counts its streams itself: Node would queue silently what exceeds the server's limit. */
export class NodeSession implements UpstreamSession, StreamOwner {
  readonly authority: string;
  streams = 0;
  readonly #options: UpstreamOptions;
  readonly #listener: SessionListener;
  readonly #socket: TLSSocket;
  #state: State;
  #idleTimer: NodeJS.Timeout | undefined;
  #error: unknown;
  #isSuspected = false;

  constructor(options: UpstreamOptions, context: SecureContext, listener: SessionListener) {
    this.authority = authorityOf(options);
    this.#options = options;
    this.#listener = listener;
    const socket = dial(options, context, 'h2');
    this.#socket = socket;
    const timer = setTimeout(() => socket.destroy(new WireError('ERR_WIRE_CONNECT_TIMEOUT')), options.connectTimeoutMs);
    this.#state = { kind: 'connecting', timer };
    socket.on('error', (error) => {
      this.#error ??= error;
      // After an alert Node's session waits for a write that TLS will never finish.
      socket.destroy();
    });
    // Registered before the session's own listener, so that streams closed by it already find the reason.
    socket.once('close', () => this.#closed());
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol === 'h2') this.#begin(socket);
      else socket.destroy(new WireError('ERR_WIRE_NO_HTTP2'));
    });
  }

  get kind(): State['kind'] {
    return this.#state.kind;
  }

  get room(): number {
    const state = this.#state;
    // Node may have given the session up already, a moment before its socket is closed.
    if (state.kind !== 'open' || state.session.destroyed || state.session.closed || this.#socket.destroyed) return 0;
    return state.maxStreams - this.streams;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? this.#options.host;
  }

  request(head: RequestHead, bodyless: boolean, receiver: UpstreamReceiver): UpstreamExchange {
    if (this.#state.kind !== 'open') throw new TypeError('The connection takes no requests.');
    const stream = new UpstreamStream(this.#state.session, this, head, bodyless, receiver);
    this.streams += 1;
    clearTimeout(this.#idleTimer);
    // Numbers are never used twice, and a busy connection runs out of them within days.
    if ((stream.id ?? 0) > LAST_STREAM_ID) this.drain();
    return stream;
  }

  released(outcome: StreamOutcome): void {
    this.streams -= 1;
    this.#listener.finished(outcome);
    if (this.streams === 0) this.#emptied();
    this.#listener.roomGained(this);
  }

  failureOf(streamId: number | undefined, error: unknown): UpstreamFailure | undefined {
    const state = this.#state;
    if (state.kind === 'draining' && state.lastStreamId !== undefined && (streamId ?? Infinity) > state.lastStreamId) {
      return {
        processed: 'no',
        reason: 'refused',
        cause: 'goaway',
        message: `${this.authority} closed the connection (GOAWAY) without acting on the request`,
      };
    }
    const sessionLost = state.kind !== 'closed' && state.kind !== 'connecting' && state.session.destroyed;
    if (!this.#socket.destroyed && !sessionLost) return undefined;
    return lostConnection(this.#error ?? error, this.#options);
  }

  drain(): void {
    if (this.#state.kind === 'connecting') this.destroy();
    if (this.#state.kind !== 'open') return;
    const { session, stopPings } = this.#state;
    this.#state = { kind: 'draining', session, stopPings, lastStreamId: undefined };
    if (this.streams === 0) this.#emptied();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get received(): number {
    return this.#socket.bytesRead;
  }

  async suspect(timeoutMs: number, witness: () => Promise<boolean>): Promise<void> {
    const state = this.#state;
    if (this.#isSuspected || (state.kind !== 'open' && state.kind !== 'draining')) return;
    this.#isSuspected = true;
    const { session } = state;
    const signs = await Promise.all([
      signOfLife(session, this.#socket, timeoutMs),
      session.closed && !session.destroyed ? witness() : false,
    ]);
    if (!signs.includes(true)) this.#giveUp();
    this.#isSuspected = false;
  }

  #giveUp(): void {
    this.#error ??= new WireError('ERR_WIRE_PING_TIMEOUT');
    this.#socket.destroy();
  }

  #begin(socket: TLSSocket): void {
    const session = connect(`https://${this.authority}`, {
      ...SESSION_OPTIONS,
      createConnection: () => socket,
    });
    session.setLocalWindowSize(CONNECTION_WINDOW);
    session.on('error', (error) => {
      this.#error ??= error;
    });
    session.on('goaway', (_code, lastStreamId) => this.#goaway(session, lastStreamId));
    session.on('remoteSettings', (settings) => this.#settings(session, settings.maxConcurrentStreams ?? 2 ** 31));
    // A destroyed session waits for its last bytes to be taken, which a vanished peer never does.
    session.on('close', () => socket.destroy());
  }

  #settings(session: ClientHttp2Session, maxStreams: number): void {
    if (this.#state.kind === 'open') {
      this.#state.maxStreams = maxStreams;
      this.#listener.roomGained(this);
    }
    if (this.#state.kind !== 'connecting') return;
    clearTimeout(this.#state.timer);
    const { pingIntervalMs, pingTimeoutMs } = this.#options;
    const stopPings = keepAlive(session, this.#socket, pingIntervalMs, pingTimeoutMs, () => {
      if (session.destroyed) this.#socket.destroy();
      else this.#giveUp();
    });
    this.#state = { kind: 'open', session, stopPings, maxStreams };
    this.#emptied();
    this.#listener.opened(this);
  }

  #goaway(session: ClientHttp2Session, lastStreamId: number): void {
    const state = this.#state;
    if (state.kind === 'closed' || state.kind === 'connecting') return;
    this.#state = { kind: 'draining', session, stopPings: state.stopPings, lastStreamId };
    if (this.streams === 0) this.#emptied();
    if (state.kind === 'open') this.#listener.goaway(this);
  }

  #closed(): void {
    const state = this.#state;
    clearTimeout(this.#idleTimer);
    if (state.kind === 'closed') return;
    if (state.kind === 'connecting') {
      clearTimeout(state.timer);
      this.#state = { kind: 'closed' };
      this.#listener.failed(this, connectFailure(this.#error ?? new WireError('ERR_WIRE_CLOSED'), this.#options));
      return;
    }
    state.stopPings();
    if (state.kind === 'open') this.#state = { kind: 'closed' };
    const failure = state.kind === 'open' ? lostConnection(this.#error, this.#options) : undefined;
    this.#listener.closed(this, failure);
  }

  #emptied(): void {
    clearTimeout(this.#idleTimer);
    if (this.#state.kind === 'open') this.#idleTimer = setTimeout(() => this.#listener.idle(this), IDLE_MS).unref();
    if (this.#state.kind !== 'draining') return;
    // Not earlier: some servers take a client's GOAWAY as a reason to refuse the requests right behind it.
    this.#state.session.close();
    // It waits for the server's own close; one that is gone already would never send it.
    this.#idleTimer = setTimeout(() => this.destroy(), CLOSE_MS).unref();
  }
}
