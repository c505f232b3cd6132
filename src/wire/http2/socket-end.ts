import type { Socket } from 'node:net';

/** Ends a socket whose last octets are still on their way: one that is destroyed while its peer sends takes them back. */
export class SocketEnd {
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('close', () => clearTimeout(this.#timer));
  }

  /** Until the peer closes, too, or has taken nothing for `patienceMs`. */
  await(patienceMs: number): void {
    this.#socket.end();
    this.#watch(patienceMs);
  }

  /** Until the peer closes, too, but no longer than `ms`. */
  within(ms: number): void {
    this.#socket.end();
    this.#timer = setTimeout(() => this.#socket.destroy(), ms).unref();
  }

  #watch(patienceMs: number): void {
    const left = this.#socket.writableLength;
    this.#timer = setTimeout(() => {
      if (this.#socket.writableLength < left) this.#watch(patienceMs);
      else this.#socket.destroy();
    }, patienceMs).unref();
  }
}
