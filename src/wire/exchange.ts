import type { Fields } from './fields.ts';

/** Why one side ended an exchange early. `src/wire` maps it to an HTTP/2 error code (RFC 9113 section 7) or a closed socket. */
export type ResetReason =
  | 'cancel'
  | 'refused'
  | 'internal'
  | 'protocol'
  | 'flow-control'
  | 'enhance-your-calm'
  | 'http-1.1-required'
  | 'timeout'
  | 'connection-lost';

/**
 * Names of fields that came as never-indexed HPACK literals: whoever forwards them over HTTP/2 encodes them so again, because
 * their values must not be found out by guessing (RFC 7541 sections 6.2.3 and 7.1.3). Absent or empty: none came so.
 */
export type NeverIndexed = readonly string[];

export interface RequestHead {
  readonly method: string;
  /** The request target byte for byte as it stood on the wire. */
  readonly target: string;
  /** `:authority` or Host; `undefined` when the client sent neither. Never repeated in `fields`. */
  readonly authority: string | undefined;
  readonly fields: Fields;
  readonly neverIndexed?: NeverIndexed | undefined;
}

export interface ResponseHead {
  readonly status: number;
  readonly fields: Fields;
  readonly neverIndexed?: NeverIndexed | undefined;
}

/** Consumer of one message body. Exactly one of `end` and `reset` is called, last and once. */
export interface BodyReceiver {
  /** It keeps no chunk beyond the call but what `lasting` (read-buffer.ts) makes of it. Others are given copies where needed. */
  readonly keepsNothing?: boolean | undefined;
  /** `false` asks the source to pause until `resume()`. The chunk is only lent while nobody else keeps it: never write into it. */
  data(chunk: Uint8Array): boolean;
  end(trailers: Fields): void;
  reset(reason: ResetReason): void;
}

/** Producer side of one message body; nothing flows (and no memory is held beyond the flow-control window) before `read`. */
export interface BodySource {
  /** Attaches the only receiver. Bytes that already arrived are delivered first. */
  read(receiver: BodyReceiver): void;
  pause(): void;
  resume(): void;
}

/** Where one message body goes. Calls after `end`, `reset` or the peer's disappearance are ignored. */
export interface BodySink {
  /** As of a receiver. */
  readonly keepsNothing?: boolean | undefined;
  /** `false`: above the high-water mark; stop until `onDrain` fires. */
  write(chunk: Uint8Array): boolean;
  onDrain: (() => void) | undefined;
  end(trailers: Fields): void;
  reset(reason: ResetReason): void;
}

/**
 * Opaque bytes both ways, after a protocol switch. Half-closing is kept: `end` ends one direction only. A chunk that one
 * tunnel lends and that is at once written to another belongs to that one: keep no reference to it.
 */
export interface Tunnel {
  readonly source: BodySource;
  readonly sink: BodySink;
  /** Called when the connection is gone before all that was written could leave, though its own bytes may have ended well. */
  onLost?: (() => void) | undefined;
}

/** What a TLS client proved about itself. */
export type ClientCertificate =
  | { readonly kind: 'none' }
  /**
   * `chain`: DER, leaf first, then its issuers from what the client sent and, where it sent none, from the listener's CAs.
   * `authorized`: OpenSSL built a valid chain for client authentication to one of the listener's CAs; else `error` is its code.
   */
  | {
      readonly kind: 'presented';
      readonly chain: readonly Uint8Array[];
      readonly authorized: boolean;
      readonly error: string | undefined;
    };

/** One client connection; every exchange on it shares this object. */
export interface ClientConnection {
  readonly id: number;
  readonly protocol: 'h2' | 'http/1.1';
  readonly remoteAddress: string;
  readonly certificate: ClientCertificate;
  /** Aborts when the connection is gone. */
  readonly closed: AbortSignal;
}

/** Present when an HTTP/1.1 client asked to switch protocols (`Connection: upgrade`). */
export interface UpgradeOffer {
  /** The Upgrade field's value, as sent. */
  readonly protocol: string;
  /** Sends `head` (status 101) and hands over the raw bytes. After it neither `respond` nor `body` may be used. */
  switchProtocols(head: ResponseHead): Tunnel;
}

/** One request of a client and the means to answer it. Exactly one of `respond`, `reset` and `upgrade.switchProtocols` ends up used. */
export interface ServerExchange {
  readonly connection: ClientConnection;
  /** Its fields may be gone once body bytes of a response without content-length were written. */
  readonly head: RequestHead;
  /** True when the request has no body (END_STREAM on its head, or no length and no transfer coding). */
  readonly bodyless: boolean;
  readonly body: BodySource;
  readonly upgrade: UpgradeOffer | undefined;
  /** Forwards a 1xx response (RFC 9110 section 15.2); 101 is refused. */
  inform(head: ResponseHead): void;
  /** Sends the final response head at once. `bodyless` true ends the response with it (HEAD, 204, 304 or an empty body). */
  respond(head: ResponseHead, bodyless: boolean): BodySink;
  reset(reason: ResetReason): void;
  /**
   * Called once if the client resets the exchange or disappears before the response is complete, or (`timeout`) if its
   * body stalled and the exchange was reset for that. Not called for `reset`.
   */
  onAbort: ((reason: ResetReason) => void) | undefined;
}

export type ExchangeHandler = (exchange: ServerExchange) => void;
