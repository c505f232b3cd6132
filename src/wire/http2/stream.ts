import type { BodyReceiver, BodySink, BodySource, ResetReason } from '../exchange.ts';
import { type Fields, NO_FIELDS } from '../fields.ts';
import { lasting } from '../read-buffer.ts';
import { resetReasonOf } from '../reset-code.ts';

/**
 * How far one direction of a stream has come. The two together are the states of RFC 9113 section 5.1: `open` while neither is
 * over, `half-closed` when one is `ended`, `closed` when both are over. `broken`: RST_STREAM, or the connection is gone.
 */
export type Direction = 'head' | 'body' | 'ended' | 'broken';

/** What a stream asks of the connection that it is part of. */
export interface StreamHost {
  /** Octets that a peer may send ahead on one stream. */
  readonly streamWindow: number;
  /** Sends of `chunk`, from `start` on, what windows and socket allow. Returns where it stopped; it calls `pump` when more fits. */
  sendData(stream: Stream, chunk: Uint8Array, start: number): number;
  /** END_STREAM, behind trailers if there are any. */
  sendEnd(stream: Stream, trailers: Fields): void;
  sendReset(stream: Stream, code: number): void;
  /** The peer may send `octets` more on the stream. */
  sendCredit(stream: Stream, octets: number): void;
  /** `octets` more (or, negative, less) of the stream are kept for a reader that has paused. */
  hold(stream: Stream, octets: number): void;
  /** Both directions are over. */
  closed(stream: Stream): void;
}

/** One stream of a connection: the body that arrives on it and the body that leaves on it. */
export abstract class Stream implements BodySource, BodySink {
  readonly id: number;
  onDrain: (() => void) | undefined = undefined;
  /** How far the peer's message has come, and ours. */
  receiving: Direction;
  sending: Direction;
  /** Octets that the peer lets us send; below zero after it has shrunk its windows (RFC 9113 section 6.9.2). */
  sendWindow: number;
  /** Octets that the peer may still send. */
  receiveWindow: number;
  /** Octets of the declared content-length that have not arrived; -1: none was declared. */
  undelivered = -1;
  /** Octets that have arrived and wait for a reader that has paused. */
  held = 0;
  protected readonly host: StreamHost;
  /** Taken by the reader, not yet credited to the peer. */
  #owed = 0;
  #receiver: BodyReceiver | undefined = undefined;
  #isPaused = false;
  /** What arrived while nobody took it. */
  #held: Uint8Array[] | undefined = undefined;
  #trailers: Fields | undefined = undefined;
  #breakReason: ResetReason | undefined = undefined;
  /** What waits for windows or socket, the first from `#queueStart` on; `#ending`: these trailers end it. */
  #queue: Uint8Array[] | undefined = undefined;
  #queueStart = 0;
  #ending: Fields | undefined = undefined;

  constructor(host: StreamHost, id: number, receiving: Direction, sending: Direction, sendWindow: number) {
    this.host = host;
    this.id = id;
    this.receiving = receiving;
    this.sending = sending;
    this.sendWindow = sendWindow;
    this.receiveWindow = host.streamWindow;
  }

  /** The peer broke off, or what it did broke the stream. */
  protected abstract onBroken(reason: ResetReason): void;

  read(receiver: BodyReceiver): void {
    this.#receiver = receiver;
    if (this.#held === undefined && this.#trailers === undefined && this.#breakReason === undefined) return;
    // As from a socket, nothing comes within the call that asks for it.
    queueMicrotask(() => this.#flow());
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#credit();
    this.#flow();
  }

  get keepsNothing(): boolean {
    return true;
  }

  /** A piece of the peer's body. */
  arrived(chunk: Uint8Array): void {
    if (this.#receiver === undefined || this.#isPaused || this.#held !== undefined) this.#keep(chunk);
    else this.#deliver(this.#receiver, chunk);
  }

  /** The peer's message is whole. */
  arrivedEnd(trailers: Fields): void {
    this.receiving = 'ended';
    if (this.#receiver === undefined || this.#isPaused || this.#held !== undefined) this.#trailers = trailers;
    else {
      const receiver = this.#receiver;
      this.#receiver = undefined;
      receiver.end(trailers);
    }
    if (isOver(this.sending)) this.host.closed(this);
  }

  /** There is no body, and never was. */
  protected arrivedNothing(): void {
    this.receiving = 'ended';
    this.#trailers = NO_FIELDS;
  }

  /** Octets that nobody reads (padding) go back to the peer. */
  arrivedPadding(octets: number): void {
    this.#owed += octets;
    if (!this.#isPaused) this.#credit();
  }

  /** The stream ended without our doing; nothing more may be sent on it. A message that is whole stays (RFC 9113 section 8.1). */
  broke(reason: ResetReason): void {
    if (isOver(this.sending) && isOver(this.receiving)) return;
    this.#stopSending();
    const receiver = this.receiving === 'ended' ? undefined : this.#stopReceiving(reason);
    this.onBroken(reason);
    receiver?.reset(reason);
    this.host.closed(this);
  }

  write(chunk: Uint8Array): boolean {
    if (this.sending !== 'body' || this.#ending !== undefined || chunk.length === 0) return true;
    if (this.#queue !== undefined) {
      this.#queue.push(lasting(chunk));
      return false;
    }
    const sent = this.host.sendData(this, chunk, 0);
    if (sent === chunk.length) return true;
    this.#queue = [lasting(chunk)];
    this.#queueStart = sent;
    return false;
  }

  end(trailers: Fields): void {
    if (this.sending !== 'body' || this.#ending !== undefined) return;
    if (this.#queue !== undefined) this.#ending = trailers;
    else this.#end(trailers);
  }

  /** Sends what waited, as far as it goes now. */
  pump(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    let sent = 0;
    for (const chunk of queue) {
      const stopped = this.host.sendData(this, chunk, this.#queueStart);
      if (stopped < chunk.length) {
        this.#queueStart = stopped;
        break;
      }
      this.#queueStart = 0;
      sent += 1;
    }
    if (sent < queue.length) {
      queue.splice(0, sent);
      return;
    }
    this.#queue = undefined;
    if (this.#ending !== undefined) this.#end(this.#ending);
    else this.onDrain?.();
  }

  protected get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Ends both directions with RST_STREAM. Who reads the body hears of it in a turn of its own. */
  protected abandon(code: number): void {
    const isOpen = !(isOver(this.sending) && isOver(this.receiving));
    const reason = resetReasonOf(code);
    this.#stopSending();
    const receiver = this.#stopReceiving(reason);
    if (isOpen) {
      this.host.sendReset(this, code);
      this.host.closed(this);
    }
    if (receiver !== undefined) queueMicrotask(() => receiver.reset(reason));
  }

  /** Gives up what is held for its reader, even of a message that is whole. */
  drop(reason: ResetReason): void {
    this.#stopReceiving(reason)?.reset(reason);
  }

  /** Ends what we send with RST_STREAM, when all of the peer's message has arrived. */
  protected abandonSending(code: number): void {
    if (isOver(this.sending)) return;
    this.#stopSending();
    this.host.sendReset(this, code);
    this.host.closed(this);
  }

  abstract reset(reason: ResetReason): void;

  /** Our message is whole. */
  protected sent(): void {
    this.sending = 'ended';
    if (isOver(this.receiving)) this.host.closed(this);
  }

  #end(trailers: Fields): void {
    this.#ending = undefined;
    this.host.sendEnd(this, trailers);
    this.sent();
  }

  #deliver(receiver: BodyReceiver, chunk: Uint8Array): void {
    this.#owed += chunk.length;
    if (!receiver.data(receiver.keepsNothing === true ? chunk : lasting(chunk))) this.#isPaused = true;
    else if (!this.#isPaused) this.#credit();
  }

  /** A small piece of a large read would hold on to all of it. */
  #keep(chunk: Uint8Array): void {
    const kept = chunk.length * 2 < chunk.buffer.byteLength ? new Uint8Array(chunk) : lasting(chunk);
    this.#held ??= [];
    this.#held.push(kept);
    this.#hold(kept.length);
  }

  #flow(): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    while (!this.#isPaused && this.#held !== undefined) {
      const chunk = this.#held.shift();
      if (this.#held.length === 0) this.#held = undefined;
      if (chunk === undefined) break;
      this.#hold(-chunk.length);
      this.#deliver(receiver, chunk);
    }
    // A reader that breaks the stream off while it is given a piece hears of that from who broke it.
    if (this.#receiver === undefined) return;
    if (this.#breakReason !== undefined) {
      this.#receiver = undefined;
      receiver.reset(this.#breakReason);
    } else if (this.#held === undefined && !this.#isPaused && this.#trailers !== undefined) {
      const trailers = this.#trailers;
      this.#trailers = undefined;
      this.#receiver = undefined;
      receiver.end(trailers);
    }
  }

  /** In steps of half a window, so that a WINDOW_UPDATE is rare and never late. */
  #credit(): void {
    if (this.#owed < this.host.streamWindow / 2 || this.receiving !== 'body') return;
    this.receiveWindow += this.#owed;
    this.host.sendCredit(this, this.#owed);
    this.#owed = 0;
  }

  #hold(octets: number): void {
    this.held += octets;
    this.host.hold(this, octets);
  }

  #stopSending(): void {
    if (this.sending !== 'ended') this.sending = 'broken';
    this.#queue = undefined;
    this.#ending = undefined;
  }

  /** Drops what was held, and returns the reader that has not heard of an end. */
  #stopReceiving(reason: ResetReason): BodyReceiver | undefined {
    if (this.#held !== undefined) {
      this.#hold(-this.held);
      this.#held = undefined;
    }
    const isHeard = this.receiving === 'ended' && this.#trailers === undefined;
    this.receiving = 'broken';
    this.#trailers = undefined;
    if (isHeard) return undefined;
    this.#breakReason = reason;
    const receiver = this.#receiver;
    this.#receiver = undefined;
    return receiver;
  }
}

export function isOver(direction: Direction): boolean {
  return direction === 'ended' || direction === 'broken';
}
