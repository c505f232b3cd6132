import type { IncomingHttpHeaders } from 'node:http';
import type { Span } from '../content.ts';

export type Protocol = 'h2' | 'http/1.1';

/** Who asks. */
export interface Caller {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  readonly ca: string;
  /** PEM client certificate and key, or none: then the token goes with every request. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  readonly token: string;
}

export interface Call {
  readonly method: string;
  readonly target: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Span | undefined;
  /** Whether its length is announced. */
  readonly sendsLength: boolean;
}

/** Hears of one call; `over` comes last and once. */
export interface CallListener {
  /** Bytes of the body that have been handed over so far. */
  sent(bytes: number): void;
  head(status: number, fields: IncomingHttpHeaders): void;
  data(chunk: Buffer): void;
  trailers(fields: IncomingHttpHeaders): void;
  /** `isWhole`: the answer has ended as its protocol says that answers end. */
  over(isWhole: boolean, detail: string): void;
}

export interface OpenCall {
  pause(): void;
  resume(): void;
  /** Gives it up; `over` still comes. */
  cancel(): void;
}

/** Connections of one client. Nothing is repeated. */
export interface SoakClient {
  readonly protocol: Protocol;
  /** Calls under way. */
  readonly open: number;
  /** Whether another call fits. */
  readonly hasRoom: boolean;
  /** Takes nothing more. */
  readonly isRetired: boolean;
  /** Given up with all that is open on it. */
  readonly isAbandoned: boolean;
  call(call: Call, listener: CallListener): OpenCall;
  /** Takes nothing more, and closes when the last call is over. */
  retire(): void;
  /** Closes at once, whatever is open. */
  abandon(): void;
}

/** What came unasked: the end of a connection, or GOAWAY. */
export type ConnectionReport = (what: string) => void;

export const UPLOAD_CHUNK_BYTES = 32 * 1024;
