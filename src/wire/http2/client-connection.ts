import type { Socket } from 'node:net';
import type { RequestHead, ResetReason } from '../exchange.ts';
import { isUnsafe } from '../raw-fields.ts';
import { resetReasonOf } from '../reset-code.ts';
import { ClientStream, type ClientStreamHost, type ResponseReceiver } from './client-stream.ts';
import { Http2Connection } from './connection.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import { LARGEST_STREAM_ID, PREFACE } from './frame.ts';
import type { HeaderBlock } from './hpack/hpack-decoder.ts';
import type { Http2Limits } from './limits.ts';
import { areSendable, encodeRequestFields } from './message-fields.ts';
import { readResponse } from './response-message.ts';
import { Setting } from './settings.ts';

/**
 * Why a request has no (whole) response. `reset`: RST_STREAM, or a rule broken on its stream. `unprocessed`: GOAWAY says that
 * the server has not acted on it (RFC 9113 section 6.8). `lost`: the connection is gone.
 */
export type FailureCause = 'reset' | 'unprocessed' | 'lost';

/** What the user of a connection hears. `F`: how it describes failures. */
export interface ClientConnectionListener<F> {
  /** The server's SETTINGS are here: requests may be sent. */
  opened(): void;
  /** The server allows another number of streams. */
  limitChanged(): void;
  /** A stream is over. */
  released(stream: ClientStream<F>): void;
  /** The server takes no more requests here. */
  goaway(): void;
  /** `error`: what the server did wrong. */
  closed(error: ConnectionError | undefined): void;
  /** It gives no sign of life; it is the listener's to destroy. */
  died(): void;
  failureOf(cause: FailureCause, reason: ResetReason): F;
}

/** Stream numbers are never used twice; this long before they run out the connection leaves. */
const LAST_STREAM = LARGEST_STREAM_ID - 2 ** 16;

/** The client's end of a connection to a server. */
export class Http2ClientConnection<F> extends Http2Connection<ClientStream<F>> implements ClientStreamHost<F> {
  protected override readonly isServer = false;
  readonly #listener: ClientConnectionListener<F>;
  readonly #authority: string;
  #nextStream = 1;
  #cause: FailureCause = 'reset';

  /** `authority` is sent when a request names none. `firstStream`: for tests of what happens when numbers run out. */
  constructor(
    socket: Socket,
    limits: Http2Limits,
    listener: ClientConnectionListener<F>,
    authority: string,
    firstStream = 1,
  ) {
    super(socket, limits);
    this.#listener = listener;
    this.#authority = authority;
    this.#nextStream = firstStream;
    this.greet(PREFACE, [
      [Setting.ENABLE_PUSH, 0],
      [Setting.INITIAL_WINDOW_SIZE, limits.streamWindow],
      [Setting.MAX_FRAME_SIZE, limits.maxFrameSize],
      [Setting.MAX_HEADER_LIST_SIZE, limits.headerBytes],
    ]);
  }

  /** Open streams. */
  get streamCount(): number {
    return this.streams.size;
  }

  /** How many the server allows. */
  get streamLimit(): number {
    return this.peer.maxConcurrentStreams;
  }

  /** How many more it allows. */
  get room(): number {
    return this.kind === 'open' ? this.peer.maxConcurrentStreams - this.streams.size : 0;
  }

  /** Sends a request. Only while there is room. Throws TypeError, having sent nothing, when HTTP/2 cannot carry the head. */
  request(head: RequestHead, bodyless: boolean, receiver: ResponseReceiver<F>): ClientStream<F> {
    if (this.kind !== 'open') throw new TypeError('The connection takes no requests.');
    requireSendable(head);
    const id = this.#nextStream;
    this.#nextStream += 2;
    const stream = new ClientStream(this, id, head.method === 'HEAD', bodyless, receiver, this.peer.initialWindow);
    this.streams.add(stream);
    const { encoder } = this;
    encoder.begin();
    encoder.field(':method', head.method);
    encoder.field(':scheme', 'https');
    encoder.field(':authority', head.authority ?? this.#authority);
    encoder.field(':path', head.target);
    encodeRequestFields(encoder, head.fields, head.neverIndexed);
    this.sendBlock(id, bodyless);
    if (id > LAST_STREAM) this.drain();
    return stream;
  }

  /** Takes no more requests and closes when the last one is answered. */
  drain(): void {
    if (this.kind !== 'open' && this.kind !== 'greeting') return;
    this.leave();
    this.#finishIfIdle();
  }

  /** Resolves to whether the server sends anything within `timeoutMs`, asked by a PING. */
  ask(timeoutMs: number): Promise<boolean> {
    return this.kind === 'closed' ? Promise.resolve(false) : this.liveness.ask(timeoutMs);
  }

  protected override get lastPeerStream(): number {
    return 0;
  }

  protected override isIdle(id: number): boolean {
    return id >= this.#nextStream || id % 2 === 0;
  }

  protected override onHead(id: number): void {
    if (this.isIdle(id)) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a response to no request');
    this.onIdleFrame();
  }

  protected override onBlock(stream: ClientStream<F>, block: HeaderBlock, endStream: boolean): void {
    if (stream.receiving !== 'head') this.onTrailers(stream, block, endStream);
    else if (block.isTooLarge) this.breakStream(stream, ErrorCode.ENHANCE_YOUR_CALM);
    else {
      const message = readResponse(block);
      const isInOrder = message !== undefined && stream.answered(message, endStream);
      if (!isInOrder) this.breakStream(stream, ErrorCode.PROTOCOL_ERROR);
    }
  }

  protected override onStreamReset(stream: ClientStream<F>, code: number): void {
    stream.broke(resetReasonOf(code));
  }

  override onGoaway(lastStreamId: number, code: number): void {
    const wasOpen = this.kind === 'open';
    this.leave();
    if (wasOpen) this.#listener.goaway();
    this.#cause = 'unprocessed';
    for (const stream of this.streams.all()) if (stream.id > lastStreamId) stream.broke('refused');
    this.#cause = 'reset';
    // What an error leaves open is lost with the connection that the server is about to close.
    if (code !== ErrorCode.NO_ERROR) this.finish();
    else this.#finishIfIdle();
  }

  protected override onOpen(): void {
    this.#listener.opened();
  }

  protected override onSettingsChanged(): void {
    this.#listener.limitChanged();
  }

  override onPong(): void {}

  protected override onDead(): void {
    this.#listener.died();
  }

  protected override onStreamClosed(stream: ClientStream<F>): void {
    this.#listener.released(stream);
    this.#finishIfIdle();
  }

  /** Many users share the connection: who leaves most lying loses his answer, so that the others can go on. */
  protected override onHeldTooMuch(streams: ReadonlySet<ClientStream<F>>): void {
    let most: ClientStream<F> | undefined;
    for (const stream of streams) if (stream.held > (most?.held ?? 0)) most = stream;
    if (most === undefined) return;
    if (this.streams.get(most.id) === most) this.breakStream(most, ErrorCode.ENHANCE_YOUR_CALM);
    most.drop('enhance-your-calm');
  }

  protected override onClosed(error: ConnectionError | undefined): void {
    this.#listener.closed(error);
  }

  failureOf(_stream: ClientStream<F>, reason: ResetReason): F {
    return this.#listener.failureOf(this.kind === 'closed' ? 'lost' : this.#cause, reason);
  }

  #finishIfIdle(): void {
    if (this.kind === 'leaving' && this.streams.size === 0) this.finish();
  }
}

function requireSendable({ method, target, authority, fields }: RequestHead): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.startsWith(':')) throw new TypeError(`The field ${name} is reserved for HTTP/2's own use.`);
  }
  if (isUnsafe(method) || isUnsafe(target) || isUnsafe(authority ?? '') || !areSendable(fields)) {
    throw new TypeError('The request head holds characters that HTTP cannot carry.');
  }
}
