import { ConnectionError, ErrorCode } from './error-code.ts';
import { DEFAULT_WINDOW, LARGEST_WINDOW } from './frame.ts';
import { HIGH_WATER, LOW_WATER } from './limits.ts';
import type { Output } from './output.ts';
import type { PeerSettings } from './settings.ts';
import type { Stream } from './stream.ts';

/** DATA on its way out: the peer's windows (RFC 9113 section 5.2), the socket's backlog, and whose turn it is. */
export class Sender {
  readonly #output: Output;
  readonly #peer: PeerSettings;
  /** Streams that may go on once the connection has room. */
  readonly #blocked = new Set<Stream>();
  #window = DEFAULT_WINDOW;

  constructor(output: Output, peer: PeerSettings) {
    this.#output = output;
    this.#peer = peer;
  }

  /** Sends of `chunk`, from `start` on, what may be sent; returns where it stopped. The stream is pumped when more may be. */
  send(stream: Stream, chunk: Uint8Array, start: number): number {
    let at = start;
    while (at < chunk.length) {
      if (!this.#hasRoom) {
        this.#blocked.add(stream);
        break;
      }
      const size = Math.min(chunk.length - at, stream.sendWindow, this.#window, this.#peer.maxFrameSize);
      if (size <= 0) break;
      this.#output.data(stream.id, chunk, at, at + size);
      stream.sendWindow -= size;
      this.#window -= size;
      at += size;
    }
    return at;
  }

  forget(stream: Stream): void {
    this.#blocked.delete(stream);
  }

  /** WINDOW_UPDATE for the connection (section 6.9). */
  widen(increment: number): void {
    if (increment === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a window was increased by nothing');
    this.#window += increment;
    requireWindow(this.#window);
    this.#pump();
  }

  /** A changed INITIAL_WINDOW_SIZE changes the windows of all streams, even to less than nothing (section 6.9.2). */
  resize(streams: readonly Stream[], difference: number): void {
    if (difference === 0) return;
    for (const stream of streams) {
      stream.sendWindow += difference;
      requireWindow(stream.sendWindow);
      if (difference > 0) stream.pump();
    }
  }

  /** The socket has taken some of what waited. */
  drained(): void {
    if (this.#blocked.size > 0 && this.#output.backlog <= LOW_WATER) this.#pump();
  }

  get #hasRoom(): boolean {
    return this.#window > 0 && this.#output.backlog < HIGH_WATER;
  }

  /** In turn: who is stopped again is last next time. */
  #pump(): void {
    for (const stream of this.#blocked) {
      if (!this.#hasRoom) return;
      this.#blocked.delete(stream);
      stream.pump();
    }
  }
}

function requireWindow(octets: number): void {
  if (octets > LARGEST_WINDOW) {
    throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'a window is larger than any may be');
  }
}
