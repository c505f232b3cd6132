import type { BodyReceiver, BodySource, ResetReason } from './exchange.ts';
import type { Fields } from './fields.ts';

/**
 * A request body that must make progress: `onStalled` is called when nothing arrived for `idleMs` although we were
 * ready to take it. While the consumer has paused the body, the clock stands: the client is not to blame.
 */
export class ClockedBody implements BodySource, BodyReceiver {
  readonly #source: BodySource;
  readonly #idleMs: number;
  readonly #onStalled: () => void;
  readonly #onRead: (() => void) | undefined;
  #receiver: BodyReceiver | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  /** `onRead` is called when somebody begins to take the body: the moment to answer `Expect: 100-continue`. */
  constructor(source: BodySource, idleMs: number, onStalled: () => void, onRead?: () => void) {
    this.#source = source;
    this.#idleMs = idleMs;
    this.#onStalled = onStalled;
    this.#onRead = onRead;
  }

  /** No more limit: once the response has begun, both directions may idle like a watch. */
  release(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  read(receiver: BodyReceiver): void {
    this.#receiver = receiver;
    this.#onRead?.();
    this.#start();
    this.#source.read(this);
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#source.pause();
  }

  resume(): void {
    this.#start();
    this.#source.resume();
  }

  data(chunk: Uint8Array): boolean {
    const more = this.#receiver?.data(chunk) ?? true;
    if (more) this.#start();
    else clearTimeout(this.#timer);
    return more;
  }

  end(trailers: Fields): void {
    this.release();
    this.#receiver?.end(trailers);
  }

  reset(reason: ResetReason): void {
    this.release();
    this.#receiver?.reset(reason);
  }

  #start(): void {
    clearTimeout(this.#timer);
    if (!this.#over) this.#timer = setTimeout(this.#onStalled, this.#idleMs);
  }
}
