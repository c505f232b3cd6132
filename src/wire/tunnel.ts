import type { Socket } from 'node:net';
import type { BodyReceiver, BodySink, BodySource, ResetReason, Tunnel } from './exchange.ts';
import { type Fields, NO_FIELDS } from './fields.ts';
import { writeUnlessOver } from './stream-body.ts';

/** The raw bytes of `socket` after a protocol switch; `early` was read together with the head and comes first. */
export function openTunnel(socket: Socket, early: Uint8Array): Tunnel {
  const end = new SocketEnd(socket, early);
  const tunnel: Tunnel = { source: end, sink: end };
  socket.once('close', () => {
    if (!socket.writableFinished) tunnel.onLost?.();
  });
  return tunnel;
}

/** What one tunnel is handing over right now. The tunnel to which exactly this is written is its last holder. */
let inPassing: Uint8Array | undefined;

class SocketEnd implements BodySource, BodySink {
  onDrain: (() => void) | undefined;
  readonly #socket: Socket;
  /** Chunks that are nobody's any more once they are written, in the order in which they will be. */
  readonly #passing: Uint8Array[] = [];

  constructor(socket: Socket, early: Uint8Array) {
    this.#socket = socket;
    socket.setTimeout(0);
    socket.on('error', () => {});
    socket.on('drain', () => this.onDrain?.());
    if (early.byteLength > 0) socket.unshift(early);
  }

  read(receiver: BodyReceiver): void {
    const socket = this.#socket;
    let done = false;
    const reset = (): void => {
      if (done) return;
      done = true;
      receiver.reset('connection-lost');
    };
    if (socket.destroyed) {
      queueMicrotask(reset);
      return;
    }
    socket.on('data', (chunk: Uint8Array) => {
      if (done) return;
      inPassing = chunk;
      const more = receiver.data(chunk);
      inPassing = undefined;
      if (!more) socket.pause();
    });
    socket.on('end', () => {
      if (done) return;
      done = true;
      receiver.end(NO_FIELDS);
    });
    socket.on('close', reset);
    socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#socket.destroyed) this.#socket.resume();
  }

  write(chunk: Uint8Array): boolean {
    if (chunk !== inPassing) return writeUnlessOver(this.#socket, chunk);
    if (this.#socket.destroyed || this.#socket.writableEnded) return true;
    this.#passing.push(chunk);
    return this.#socket.write(chunk, this.#passed);
  }

  end(_trailers: Fields): void {
    if (!this.#socket.destroyed) this.#socket.end();
  }

  reset(_reason: ResetReason): void {
    this.#socket.destroy();
  }

  /** After an error nobody can say which chunk the system still holds; there are few. */
  readonly #passed = (error: unknown): void => {
    const chunk = this.#passing.shift();
    if (chunk !== undefined && (error === undefined || error === null)) giveBack(chunk);
  };
}

/**
 * Frees the memory of `chunk`, if it is memory of its own. Every read of a socket comes in a new buffer outside the
 * JavaScript heap; left to the garbage collector, they make it look through that whole heap after every few megabytes,
 * which costs more processor time than all else that a tunnel does.
 */
function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
