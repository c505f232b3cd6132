import type { Socket } from 'node:net';
import type { ResetReason } from '../exchange.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import { DEFAULT_WINDOW, FrameType } from './frame.ts';
import type { FrameReader } from './frame-reader.ts';
import { HpackError } from './hpack/hpack-error.ts';
import { type Http2Limits, LINGER_MS } from './limits.ts';
import { Liveness } from './liveness.ts';
import { Output } from './output.ts';
import { settingsPayload } from './settings.ts';
import { SocketEnd } from './socket-end.ts';

/** Where a connection stands. */
export type ConnectionState =
  /** Until the peer's preface and SETTINGS are here (RFC 9113 section 3.4). */
  | { readonly kind: 'greeting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'open' }
  /** One side has said GOAWAY: what is open finishes, then the connection closes (section 6.8). */
  | { readonly kind: 'leaving' }
  /** Over for its users; its last frames may still be under way, for a moment. */
  | { readonly kind: 'closed' };

const OPEN: ConnectionState = { kind: 'open' };
const LEAVING: ConnectionState = { kind: 'leaving' };
const CLOSED: ConnectionState = { kind: 'closed' };
const PING_PAYLOAD = Buffer.from('alive?..', 'latin1');

/** How a connection begins, what it hears and says as long as it lives, and how it ends; whatever its streams do. */
export abstract class ConnectionLife {
  protected readonly limits: Http2Limits;
  protected readonly output: Output;
  protected readonly liveness: Liveness;
  protected abstract readonly reader: FrameReader;
  readonly #socket: Socket;
  readonly #end: SocketEnd;
  #state: ConnectionState;
  #saidGoaway = false;

  constructor(socket: Socket, limits: Http2Limits) {
    this.#socket = socket;
    this.limits = limits;
    this.output = new Output(socket, () => this.onSent());
    this.#end = new SocketEnd(socket);
    const late = (): void => this.fail(ErrorCode.SETTINGS_TIMEOUT, 'the preface did not come in time');
    this.#state = { kind: 'greeting', timer: setTimeout(late, limits.prefaceMs).unref() };
    const ping = (): void => this.output.frame(FrameType.PING, 0, 0, PING_PAYLOAD);
    this.liveness = new Liveness(socket, ping, limits.pingIntervalMs, limits.pingTimeoutMs, () => this.onDead());
    socket.on('data', (chunk: Buffer) => this.received(chunk));
    // HTTP/2 has no use for half a connection.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#closed('connection-lost'));
  }

  get kind(): ConnectionState['kind'] {
    return this.#state.kind;
  }

  get isGreeting(): boolean {
    return this.#state.kind === 'greeting';
  }

  /** The largest stream of the peer that was acted on, for GOAWAY. */
  protected abstract get lastPeerStream(): number;
  /** The socket has taken some of what waited. */
  protected abstract onSent(): void;
  /** Over, though the streams have not heard of it yet. `error`: what the peer did wrong. */
  protected abstract onClosed(error: ConnectionError | undefined): void;
  /** Tells the streams. */
  protected abstract breakAll(reason: ResetReason): void;

  /** The peer gives no sign of life. */
  protected onDead(): void {
    this.#socket.destroy();
  }

  /** Our preface: SETTINGS, and the connection's window if it is larger than what HTTP/2 begins with. */
  protected greet(preface: Buffer | undefined, settings: readonly (readonly [number, number])[]): void {
    if (preface !== undefined) this.#socket.write(preface);
    this.output.frame(FrameType.SETTINGS, 0, 0, settingsPayload(settings));
    const more = this.limits.connectionWindow - DEFAULT_WINDOW;
    if (more > 0) this.output.number(FrameType.WINDOW_UPDATE, 0, more);
  }

  /** GOAWAY. Nothing but the streams that are open goes on. */
  protected sayGoaway(lastStreamId: number, code: number): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(lastStreamId, 0);
    payload.writeUInt32BE(code, 4);
    this.output.frame(FrameType.GOAWAY, 0, 0, payload);
    this.#saidGoaway = true;
    this.leave();
  }

  protected leave(): void {
    if (this.#state.kind === 'greeting') clearTimeout(this.#state.timer);
    if (this.#state.kind !== 'closed') this.#state = LEAVING;
  }

  /** Ends the connection and whatever is open on it, and says why. */
  protected fail(code: number, message: string): void {
    this.#fail(new ConnectionError(code, message));
  }

  #fail(error: ConnectionError): void {
    if (this.#state.kind === 'closed') return;
    this.sayGoaway(this.lastPeerStream, error.errorCode);
    this.reader.stop();
    this.#closed('protocol', error);
    this.#sendLast();
    this.#end.within(LINGER_MS);
  }

  /** Sends what is left, and closes when the peer does, or when it takes nothing more. */
  protected finish(): void {
    this.#sendLast();
    this.#end.await(this.limits.pingTimeoutMs);
    this.#closed('connection-lost');
  }

  #sendLast(): void {
    if (!this.#saidGoaway) this.sayGoaway(this.lastPeerStream, ErrorCode.NO_ERROR);
    this.output.flush();
    this.output.close();
  }

  /** Takes what was read of the socket; public for sockets that hand it out in another way than as events. */
  received(chunk: Buffer): void {
    this.liveness.heard();
    if (this.#state.kind === 'closed') return;
    try {
      this.reader.push(this.beforeFrames(chunk));
    } catch (error) {
      if (error instanceof ConnectionError) this.#fail(error);
      else if (error instanceof HpackError) this.fail(ErrorCode.COMPRESSION_ERROR, error.message);
      else {
        this.fail(ErrorCode.INTERNAL_ERROR, 'a handler threw');
        throw error;
      }
    }
  }

  /** What of `chunk` is frames. */
  protected beforeFrames(chunk: Buffer): Buffer {
    return chunk;
  }

  #closed(reason: ResetReason, error?: ConnectionError): void {
    if (this.#state.kind === 'closed') return;
    if (this.#state.kind === 'greeting') clearTimeout(this.#state.timer);
    this.#state = CLOSED;
    this.liveness.stop();
    this.onClosed(error);
    this.breakAll(reason);
  }

  /** The peer's first SETTINGS are here; false: they were not the first. */
  protected open(): boolean {
    if (this.#state.kind !== 'greeting') return false;
    clearTimeout(this.#state.timer);
    this.#state = OPEN;
    return true;
  }
}
