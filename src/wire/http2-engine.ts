import type { SecureContext, TLSSocket } from 'node:tls';
import type { EngineName } from './engine-name.ts';
import type { ClientConnection, ExchangeHandler, RequestHead } from './exchange.ts';
import type { ListenerLimits } from './limits.ts';
import type { UpstreamExchange, UpstreamFailure, UpstreamOptions, UpstreamReceiver } from './upstream.ts';

/** One implementation of HTTP/2 in both roles. Everything above it (listener, pool, proxy) is the same with each. */
export interface Http2Engine {
  readonly name: EngineName;
  /** Serves the exchanges of one accepted TLS connection that negotiated `h2`. */
  serve(
    socket: TLSSocket,
    connection: ClientConnection,
    handler: ExchangeHandler,
    limits: ListenerLimits,
  ): H2Connection;
  /** Dials one connection to a server. `listener` is called later, never before this returns. */
  dial(options: UpstreamOptions, context: SecureContext, listener: SessionListener): UpstreamSession;
}

/** One HTTP/2 client connection as the listener keeps it. */
export interface H2Connection {
  /** GOAWAY; open exchanges finish, then the connection closes. */
  drain(): void;
  readonly openStreams: number;
  /**
   * Name of the code (RFC 9113 section 7) with which the connection was ended for what the client did; undefined: it was not,
   * or the engine does not say.
   */
  readonly fault: string | undefined;
}

/** `bad`: answered 5xx, or broken off by the server; `unknown`: given up by us before it was over. */
export type StreamOutcome = 'good' | 'bad' | 'unknown';

/** What the pool hears of one of its connections. */
export interface SessionListener {
  opened(session: UpstreamSession): void;
  /** Never opened. */
  failed(session: UpstreamSession, failure: UpstreamFailure): void;
  /** A stream ended. */
  finished(outcome: StreamOutcome): void;
  /** A stream ended or the server raised its limit. */
  roomGained(session: UpstreamSession): void;
  /** Nothing happened on it for a while; whether it goes is the pool's choice. */
  idle(session: UpstreamSession): void;
  goaway(session: UpstreamSession): void;
  /** Gone after it was open; `failure` when nobody asked for that. */
  closed(session: UpstreamSession, failure: UpstreamFailure | undefined): void;
}

/** One HTTP/2 connection to a server. */
export interface UpstreamSession {
  /**
   * `connecting` until TLS is verified and the server's SETTINGS are here; only then its limit on streams is known.
   * `draining`: it takes no new streams and closes when the last one ended.
   */
  readonly kind: 'connecting' | 'open' | 'draining' | 'closed';
  /** `host:port`, sent when a request names no authority. */
  readonly authority: string;
  readonly remoteAddress: string;
  /** Open streams. */
  readonly streams: number;
  /** How many more streams fit; 0 or less: none. */
  readonly room: number;
  /** Bytes that arrived. */
  readonly received: number;
  /** Only while there is room; the receiver is never called before this returns. Throws when the head cannot be written. */
  request(head: RequestHead, bodyless: boolean, receiver: UpstreamReceiver): UpstreamExchange;
  /** Takes no more streams and closes when the last one ended. */
  drain(): void;
  destroy(): void;
  /**
   * Destroys it unless it gives a sign of life within `timeoutMs`. One that cannot be asked is also kept if `witness`
   * resolves true: if a new connection gets an answer.
   */
  suspect(timeoutMs: number, witness: () => Promise<boolean>): Promise<void>;
}
