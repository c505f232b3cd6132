import type { Socket } from 'node:net';
import type { BodyReceiver, BodySink, BodySource, ResetReason, Tunnel } from './exchange.ts';
import { type Fields, NO_FIELDS } from './fields.ts';
import { writeUnlessOver } from './stream-body.ts';

/** The raw bytes of `socket` after a protocol switch; `early` was read together with the head and comes first. */
export function openTunnel(socket: Socket, early: Uint8Array): Tunnel {
  const end = new SocketEnd(socket, early);
  return { source: end, sink: end };
}

class SocketEnd implements BodySource, BodySink {
  onDrain: (() => void) | undefined;
  readonly #socket: Socket;

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
      if (!done && !receiver.data(chunk)) socket.pause();
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
    return writeUnlessOver(this.#socket, chunk);
  }

  end(_trailers: Fields): void {
    if (!this.#socket.destroyed) this.#socket.end();
  }

  reset(_reason: ResetReason): void {
    this.#socket.destroy();
  }
}
