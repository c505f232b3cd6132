import type { SecureContext, TLSSocket } from 'node:tls';
import { authorityOf } from '../endpoint.ts';
import type { RequestHead, ResetReason } from '../exchange.ts';
import { type FailureCause, Http2ClientConnection } from '../http2/client-connection.ts';
import type { ClientStream } from '../http2/client-stream.ts';
import type { ConnectionError } from '../http2/error-code.ts';
import type { SessionListener, StreamOutcome, UpstreamSession } from '../http2-engine.ts';
import { connectFailure, lostConnection } from '../node-error.ts';
import type { UpstreamExchange, UpstreamFailure, UpstreamOptions, UpstreamReceiver } from '../upstream.ts';
import { dial, WireError } from '../upstream-socket.ts';
import { upstreamLimits } from './own-limits.ts';

type Connection = Http2ClientConnection<UpstreamFailure>;
type State =
  /** Until TLS is verified and the server's SETTINGS are here. */
  | { readonly kind: 'connecting'; readonly timer: NodeJS.Timeout; readonly connection: Connection | undefined }
  | { readonly kind: 'open' | 'draining'; readonly connection: Connection }
  | { readonly kind: 'closed' };

const IDLE_MS = 90_000;
/** Of the streams that a server allows: some servers count one for a moment longer than HTTP/2 does, and refuse what is too much. */
const SPARED = 0.1;

/** One connection to a server, over our own HTTP/2. */
export class OwnSession implements UpstreamSession {
  readonly authority: string;
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
    const socket = dial(options, context, 'h2', (chunk) => this.#read(chunk));
    this.#socket = socket;
    const timer = setTimeout(() => socket.destroy(new WireError('ERR_WIRE_CONNECT_TIMEOUT')), options.connectTimeoutMs);
    this.#state = { kind: 'connecting', timer, connection: undefined };
    socket.on('error', (error) => {
      this.#error ??= error;
      socket.destroy();
    });
    // Registered before the connection's own listener, so that streams broken by it already find the reason.
    socket.once('close', () => this.#lost());
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol === 'h2') this.#begin(timer);
      else socket.destroy(new WireError('ERR_WIRE_NO_HTTP2'));
    });
  }

  get kind(): UpstreamSession['kind'] {
    return this.#state.kind;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? this.#options.host;
  }

  get streams(): number {
    const state = this.#state;
    return state.kind === 'open' || state.kind === 'draining' ? state.connection.streamCount : 0;
  }

  get room(): number {
    if (this.#state.kind !== 'open' || this.#socket.destroyed) return 0;
    const { room, streamLimit } = this.#state.connection;
    return Number.isFinite(streamLimit) ? room - Math.floor(streamLimit * SPARED) : room;
  }

  get received(): number {
    return this.#socket.bytesRead;
  }

  request(head: RequestHead, bodyless: boolean, receiver: UpstreamReceiver): UpstreamExchange {
    if (this.#state.kind !== 'open') throw new TypeError('The connection takes no requests.');
    const { connection } = this.#state;
    const stream = connection.request(head, bodyless, receiver);
    clearTimeout(this.#idleTimer);
    // Numbers of streams are never used twice, and a busy connection runs out of them within days.
    if (connection.kind !== 'open') this.#state = { kind: 'draining', connection };
    return stream;
  }

  drain(): void {
    const state = this.#state;
    if (state.kind === 'connecting') this.destroy();
    if (state.kind !== 'open') return;
    this.#state = { kind: 'draining', connection: state.connection };
    state.connection.drain();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async suspect(timeoutMs: number): Promise<void> {
    const state = this.#state;
    if (this.#isSuspected || (state.kind !== 'open' && state.kind !== 'draining')) return;
    this.#isSuspected = true;
    const isAlive = await state.connection.ask(timeoutMs);
    this.#isSuspected = false;
    if (!isAlive) this.#giveUp();
  }

  #begin(timer: NodeJS.Timeout): void {
    const limits = upstreamLimits(this.#options);
    const connection = new Http2ClientConnection<UpstreamFailure>(
      this.#socket,
      limits,
      {
        opened: () => this.#opened(),
        limitChanged: () => this.#listener.roomGained(this),
        released: (stream) => this.#released(stream),
        goaway: () => this.#goaway(),
        closed: (error) => this.#closed(error),
        failureOf: (cause, reason) => this.#failureOf(cause, reason),
        died: () => this.#giveUp(),
      },
      this.authority,
    );
    this.#state = { kind: 'connecting', timer, connection };
  }

  #opened(): void {
    if (this.#state.kind !== 'connecting' || this.#state.connection === undefined) return;
    clearTimeout(this.#state.timer);
    this.#state = { kind: 'open', connection: this.#state.connection };
    this.#becameIdle();
    this.#listener.opened(this);
  }

  #read(chunk: Buffer): void {
    if (this.#state.kind !== 'closed') this.#state.connection?.received(chunk);
  }

  #goaway(): void {
    if (this.#state.kind === 'open') this.#state = { kind: 'draining', connection: this.#state.connection };
    this.#listener.goaway(this);
  }

  #released(stream: ClientStream<UpstreamFailure>): void {
    this.#listener.finished(outcomeOf(stream));
    if (this.#state.kind === 'open' && this.streams === 0) this.#becameIdle();
    this.#listener.roomGained(this);
  }

  #failureOf(cause: FailureCause, reason: ResetReason): UpstreamFailure {
    switch (cause) {
      case 'lost':
        return lostConnection(this.#error, this.#options);
      case 'unprocessed': {
        const message = `${this.authority} closed the connection (GOAWAY) without acting on the request`;
        return { processed: 'no', reason: 'refused', cause: 'goaway', message };
      }
      case 'reset':
        return resetFailure(this.authority, reason);
    }
  }

  #giveUp(): void {
    this.#error ??= new WireError('ERR_WIRE_PING_TIMEOUT');
    this.#socket.destroy();
  }

  /** The connection is over, though its socket may still be sending its last frames. */
  #closed(error: ConnectionError | undefined): void {
    this.#error ??= error;
    this.#lost();
  }

  #lost(): void {
    const state = this.#state;
    clearTimeout(this.#idleTimer);
    if (state.kind === 'closed') return;
    this.#state = { kind: 'closed' };
    if (state.kind === 'connecting') {
      clearTimeout(state.timer);
      this.#socket.destroy();
      this.#listener.failed(this, connectFailure(this.#error ?? new WireError('ERR_WIRE_CLOSED'), this.#options));
      return;
    }
    this.#listener.closed(this, state.kind === 'draining' ? undefined : lostConnection(this.#error, this.#options));
  }

  #becameIdle(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#listener.idle(this), IDLE_MS).unref();
  }
}

function outcomeOf({ status, ending }: ClientStream<UpstreamFailure>): StreamOutcome {
  if (status >= 500) return 'bad';
  if (ending === 'whole') return 'good';
  return ending === 'abandoned' ? 'unknown' : 'bad';
}

function resetFailure(at: string, reason: ResetReason): UpstreamFailure {
  if (reason === 'refused') {
    const message = `${at} refused the request without acting on it (REFUSED_STREAM)`;
    return { processed: 'no', reason, cause: 'reset', message };
  }
  const message = `${at} reset the request (${reason}) before its response was complete; whether it acted on it is unknown`;
  return { processed: 'unknown', reason, cause: 'reset', message };
}
