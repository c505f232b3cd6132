import type { EngineName } from './engine-name.ts';
import type { BodySink, BodySource, RequestHead, ResetReason, ResponseHead, Tunnel } from './exchange.ts';

/** Why no (complete) response came. The retry rules of routing depend on `processed` alone. */
export interface UpstreamFailure {
  /** `no`: nothing was sent, or the server proved that it did not act on it (RFC 9113 sections 6.8 and 8.7). */
  readonly processed: 'no' | 'unknown';
  readonly reason: ResetReason;
  readonly cause:
    | 'connect' // actively refused or unreachable (ECONNREFUSED, EHOSTUNREACH, ENETUNREACH); alone proves the server down at once
    | 'timeout' // TCP and TLS set-up took too long: the server may just be slow
    | 'name' // the configured name did not resolve: DNS, not the server
    | 'tls' // handshake or certificate failure, or set-up broke off in another way
    | 'protocol' // the server does not offer HTTP/2, or broke it
    | 'goaway'
    | 'reset' // the server reset the stream
    | 'connection' // the connection was lost under the stream
    | 'overloaded'; // our own bound on connections or waiting requests, or this host's on files, ports and memory
  /** One sentence for logs and Status messages; names no credentials. */
  readonly message: string;
}

/** What happens to one upstream request. After `failed` nothing more is called. */
export interface UpstreamReceiver {
  /** A 1xx response; never 101. */
  inform(head: ResponseHead): void;
  /** The final head. `bodyless` true: the body has already ended (HEAD, 204, 304, END_STREAM). */
  respond(head: ResponseHead, body: BodySource, bodyless: boolean): void;
  /** Only before `respond`; afterwards failures arrive as `reset` of the body. */
  failed(failure: UpstreamFailure): void;
}

export interface UpstreamExchange {
  /** Takes the request body; `undefined` when the request was sent bodyless. */
  readonly body: BodySink | undefined;
  reset(reason: ResetReason): void;
}

export type UpgradeAnswer =
  | { readonly kind: 'switched'; readonly head: ResponseHead; readonly tunnel: Tunnel }
  /**
   * The server answered without switching; its socket is destroyed once the answer has arrived or `signal` aborts
   * (CVE-2018-1002105). An answer too large to be held arrives only as far as `body` is read.
   */
  | { readonly kind: 'refused'; readonly head: ResponseHead; readonly body: BodySource }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** Passive health signals of one upstream (product rule: they eject at once and trigger a probe). */
export type UpstreamEvent =
  | { readonly kind: 'connected'; readonly remoteAddress: string }
  | { readonly kind: 'connect-failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'connection-lost'; readonly failure: UpstreamFailure }
  | { readonly kind: 'goaway' }
  /** Several answers in a row were 5xx, or broken off by the server. */
  | { readonly kind: 'failing' };

export interface UpstreamOptions {
  readonly host: string;
  readonly port: number;
  /** SNI and the name the certificate must carry; never taken from a request. */
  readonly servername: string;
  /** PEM bundle that must have issued the server's certificate. Without it nothing is ever dialled. */
  readonly ca: string;
  /** PEM client certificate and key: the front-proxy trust class. Absent for the class that carries callers' own credentials. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  /** Milliseconds for TCP and TLS set-up together. */
  readonly connectTimeoutMs: number;
  /** Idle milliseconds before a PING, and how long its answer may take. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** Upper bound of HTTP/2 connections; beyond it requests fail with cause `overloaded`. */
  readonly maxConnections: number;
  readonly onEvent: ((event: UpstreamEvent) => void) | undefined;
  /** Which implementation of HTTP/2 speaks on these connections. */
  readonly engine?: EngineName | undefined;
}

/** Connections to one server in one trust class. */
export interface Upstream {
  /** Sends a request; the receiver is never called before this returns. */
  request(head: RequestHead, bodyless: boolean, receiver: UpstreamReceiver): UpstreamExchange;
  /**
   * Opens an HTTP/1.1 socket of its own for a protocol switch. `signal` destroys it until the server has switched. A
   * server that does not answer in 60 s fails with cause `connection`, reason `timeout`, processed `unknown`.
   */
  upgrade(head: RequestHead, signal: AbortSignal): Promise<UpgradeAnswer>;
  /** Open connections, those for protocol switches included; absent where there are no sockets. */
  readonly connections?: number | undefined;
  /** Open exchanges, for least-loaded choices. */
  readonly inFlight: number;
  /** Bytes that arrived from the server so far. More of them are a sign of life. */
  readonly received: number;
  /**
   * Somebody doubts that the server still answers. Every open connection has to give a sign of life within `timeoutMs`, be
   * it the answer to a PING, or it is destroyed with all that is open on it; a slow answer is no reason. What cannot be
   * asked (a connection on which the server said GOAWAY, an upgrade not answered yet) stays unless a new connection gets no
   * answer either. Tunnels stay.
   */
  suspect(timeoutMs: number): void;
  /** The server is out: what waits for a connection fails at once, with nothing sent. */
  turnAway(): void;
  /** Stops taking requests, lets open ones finish for `graceMs`, then destroys the connections. */
  close(graceMs: number): Promise<void>;
}
