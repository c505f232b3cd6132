import type { Socket } from 'node:net';

type Asking = { readonly deadline: NodeJS.Timeout; readonly resolve: (alive: boolean) => void };

/**
 * Notices a peer that vanished without a word, no FIN and no RST. Any octet that arrives is a sign of life; after
 * `intervalMs` without one a PING asks for it (RFC 9113 section 6.7). Its timers never keep the process alive.
 */
export class Liveness {
  readonly #socket: Socket;
  readonly #ping: () => void;
  readonly #timeoutMs: number;
  readonly #intervalMs: number;
  readonly #onDead: () => void;
  readonly #asking = new Set<Asking>();
  #seen = 0;
  /** Undefined once stopped. */
  #timer: NodeJS.Timeout | undefined;

  /** `onDead` is called once. */
  constructor(socket: Socket, ping: () => void, intervalMs: number, timeoutMs: number, onDead: () => void) {
    this.#socket = socket;
    this.#ping = ping;
    this.#intervalMs = intervalMs;
    this.#timeoutMs = timeoutMs;
    this.#onDead = onDead;
    this.#watch();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { deadline, resolve } of this.#asking) {
      clearTimeout(deadline);
      resolve(false);
    }
    this.#asking.clear();
  }

  /** Resolves to whether anything arrives within `timeoutMs`. */
  ask(timeoutMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const before = this.#socket.bytesRead;
    // When this process itself was held up the answer may be here already, and is read before immediates run.
    const judge = (): void =>
      void setImmediate(() => {
        this.#asking.delete(asking);
        resolve(this.#socket.bytesRead !== before);
      });
    const asking: Asking = { deadline: setTimeout(judge, timeoutMs).unref(), resolve };
    this.#asking.add(asking);
    this.#ping();
    return promise;
  }

  /** Something arrived. */
  heard(): void {
    if (this.#asking.size === 0) return;
    for (const { deadline, resolve } of this.#asking) {
      clearTimeout(deadline);
      resolve(true);
    }
    this.#asking.clear();
  }

  #watch(): void {
    this.#seen = this.#socket.bytesRead;
    this.#timer = setTimeout(() => this.#check(), this.#intervalMs).unref();
  }

  #check(): void {
    if (this.#socket.bytesRead !== this.#seen) {
      this.#watch();
      return;
    }
    void this.ask(this.#timeoutMs).then((alive) => {
      // Who stopped while the answer was awaited wants to hear no more.
      if (this.#timer === undefined || this.#socket.destroyed) return;
      if (alive) this.#watch();
      else this.#onDead();
    });
  }
}
