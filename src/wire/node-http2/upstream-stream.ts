import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import type { BodySink, BodySource, RequestHead, ResetReason, ResponseHead } from '../exchange.ts';
import { type Fields, NO_FIELDS } from '../fields.ts';
import type { StreamOutcome } from '../http2-engine.ts';
import { isConnectionSpecific, isUnsafe, mayHaveTrailers, sendableTrailers } from '../raw-fields.ts';
import { resetCodeForServer, resetReasonOf } from '../reset-code.ts';
import { ReadableBody, writeUnlessOver } from '../stream-body.ts';
import type { UpstreamExchange, UpstreamFailure, UpstreamReceiver } from '../upstream.ts';
import { abandonStream } from './abandoned-stream.ts';
import { asHeaderObject } from './header-object.ts';
import { markNeverIndexed, neverIndexedOf } from './never-indexed.ts';

/** One connection is shared by many users; what identifies one of them must not enter its compression table (RFC 7541 section 7.1.3). */
const NEVER_INDEXED = ['authorization', 'cookie', 'proxy-authorization'];

/** What a stream asks of the connection it runs on. */
export interface StreamOwner {
  /** `host:port`, sent when the request names no authority. */
  readonly authority: string;
  /** The connection's own end, if that is why the stream ended without a response. */
  failureOf(streamId: number | undefined, error: unknown): UpstreamFailure | undefined;
  /** The stream no longer counts against the server's limit. */
  released(outcome: StreamOutcome): void;
}

/** One request stream towards a server. */
export class UpstreamStream implements UpstreamExchange, BodySink {
  readonly body: BodySink | undefined;
  onDrain: (() => void) | undefined;
  readonly #owner: StreamOwner;
  readonly #receiver: UpstreamReceiver;
  readonly #stream: ClientHttp2Stream;
  /** HTTP/2's number of the stream. */
  readonly id: number | undefined;
  #trailers: Fields = NO_FIELDS;
  #received: Fields = NO_FIELDS;
  #error: unknown;
  #ended = false;
  #abandoned = false;
  #status = 0;
  #state: 'waiting' | 'responded' | 'over' = 'waiting';

  /** Throws when the head cannot be written; nothing was sent then. */
  constructor(
    session: ClientHttp2Session,
    owner: StreamOwner,
    head: RequestHead,
    bodyless: boolean,
    receiver: UpstreamReceiver,
  ) {
    this.#owner = owner;
    this.#receiver = receiver;
    this.body = bodyless ? undefined : this;
    const stream = session.request(rawHead(head, owner.authority), {
      endStream: bodyless,
      waitForTrailers: !bodyless && mayHaveTrailers(head.fields),
    });
    this.#stream = stream;
    this.id = stream.id;
    this.#watchEnd(stream);
    stream.on('headers', (object, _flags, raw) => this.#informed(object, raw as string[]));
    stream.on('response', (object, flags, raw) => this.#responded(object, flags, raw as string[]));
    stream.on('trailers', (_object, _flags, raw) => {
      this.#received = raw;
    });
    stream.on('drain', () => this.onDrain?.());
    stream.on('wantTrailers', () => stream.sendTrailers(asHeaderObject(sendableTrailers(this.#trailers))));
    stream.on('error', (error) => {
      this.#error = error;
    });
    stream.on('end', () => this.#completed());
    stream.on('close', () => this.#closed());
  }

  write(chunk: Uint8Array): boolean {
    return this.#abandoned || writeUnlessOver(this.#stream, chunk);
  }

  end(trailers: Fields): void {
    if (this.#abandoned || this.#stream.destroyed || this.#stream.closed) return;
    this.#trailers = trailers;
    this.#stream.end();
  }

  reset(reason: ResetReason): void {
    if (this.#state === 'waiting') this.#state = 'over';
    this.#abandon(resetCodeForServer(reason));
  }

  /**
   * Node ends the readable in the same way for END_STREAM, for a reset and for a lost connection. Only END_STREAM does so
   * while the stream still counts as open, and only that is the end of a message.
   */
  #watchEnd(stream: ClientHttp2Stream): void {
    const push = stream.push;
    stream.push = (chunk, encoding) => {
      if (chunk === null && !stream.closed && !stream.destroyed) this.#ended = true;
      return push.call(stream, chunk, encoding);
    };
  }

  #informed(object: object, raw: string[]): void {
    const head = responseHead(object, raw);
    if (this.#state === 'waiting' && head.status !== 101) this.#receiver.inform(head);
  }

  #responded(object: object, flags: number, raw: string[]): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'responded';
    const bodyless = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const body: BodySource = new ReadableBody(this.#stream, {
      complete: () => this.#ended,
      trailers: () => this.#received,
      reason: () => this.#failure().reason,
    });
    const head = responseHead(object, raw);
    this.#status = head.status;
    this.#receiver.respond(head, body, bodyless);
    if (bodyless) this.#completed();
  }

  /** The response is whole; a server that answers before it has taken the request wants no more of it. */
  #completed(): void {
    if (this.#ended && !this.#stream.writableFinished) this.#abandon(constants.NGHTTP2_CANCEL);
  }

  #abandon(code: number): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    abandonStream(this.#stream, code);
  }

  #closed(): void {
    if (this.#state === 'waiting') {
      this.#state = 'over';
      this.#receiver.failed(this.#failure());
    }
    this.#owner.released(this.#outcome());
  }

  #outcome(): StreamOutcome {
    if (this.#status >= 500) return 'bad';
    if (this.#ended) return 'good';
    return this.#abandoned ? 'unknown' : 'bad';
  }

  #failure(): UpstreamFailure {
    const ofConnection = this.#owner.failureOf(this.id, this.#error);
    // Without a number nothing left this process.
    if (ofConnection !== undefined) return this.id === undefined ? { ...ofConnection, processed: 'no' } : ofConnection;
    const reason = resetReasonOf(this.#stream.rstCode);
    const at = this.#owner.authority;
    return reason === 'refused'
      ? {
          processed: 'no',
          reason,
          cause: 'reset',
          message: `${at} refused the request without acting on it (REFUSED_STREAM)`,
        }
      : {
          processed: 'unknown',
          reason,
          cause: 'reset',
          message: `${at} reset the request (${reason}) before its response was complete; whether it acted on it is unknown`,
        };
  }
}

function responseHead(object: object, raw: string[]): ResponseHead {
  let status = 0;
  const fields: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    if (name === ':status') status = Number(value);
    else fields.push(name, value);
  }
  const neverIndexed = neverIndexedOf(object);
  return neverIndexed === undefined ? { status, fields } : { status, fields, neverIndexed };
}

function rawHead(head: RequestHead, authority: string): string[] {
  const raw = [
    ':method',
    head.method,
    ':scheme',
    'https',
    ':authority',
    head.authority ?? authority,
    ':path',
    head.target,
  ];
  for (let i = 0; i + 1 < head.fields.length; i += 2) {
    const name = head.fields[i] ?? '';
    const value = head.fields[i + 1] ?? '';
    if (isConnectionSpecific(name) || name === 'host' || (name === 'te' && value !== 'trailers')) continue;
    if (name.startsWith(':')) throw new TypeError(`The field ${name} is reserved for HTTP/2's own use.`);
    raw.push(name, value);
  }
  const unsafe = raw.findIndex(isUnsafe);
  if (unsafe >= 0) throw new TypeError(`The field ${raw[unsafe & ~1]} holds characters that HTTP cannot carry.`);
  return markNeverIndexed(raw, [...NEVER_INDEXED, ...(head.neverIndexed ?? [])]);
}
