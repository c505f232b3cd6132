import type { BodySink } from '../../../wire/exchange.ts';
import { NO_FIELDS } from '../../../wire/fields.ts';

/** What is sent is made when there is room for it. */
export type Frame = () => string;

/**
 * Sends frames no faster than the client takes them. The start may be as long as it likes, for it is a view of states
 * that are kept anyway; behind it at most `limit` frames wait, and a client that needs more is cut off with a clean end, as
 * kube-apiserver does: it watches again from what it saw last.
 */
export class WatchStream {
  readonly #sink: BodySink;
  readonly #limit: number;
  #start: Iterator<Frame> | undefined;
  #waiting: Frame[] = [];
  #room = true;
  #over = false;
  readonly #onOver: () => void;

  /** `onOver` is called once, when the stream has ended or was given up. */
  constructor(sink: BodySink, limit: number, onOver: () => void) {
    this.#sink = sink;
    this.#limit = limit;
    this.#onOver = onOver;
    sink.onDrain = () => {
      this.#room = true;
      this.#flow();
    };
  }

  /** Called once; nothing is sent before. What was put in line meanwhile follows the start, however much it is. */
  begin(start: Iterable<Frame>): void {
    const past = this.#waiting;
    this.#waiting = [];
    this.#start = concat(start, past)[Symbol.iterator]();
    this.#flow();
  }

  /** Puts a frame in line. */
  send(frame: Frame): void {
    if (this.#over) return;
    this.#waiting.push(frame);
    if (this.#start === undefined) return;
    this.#flow();
    if (this.#waiting.length > this.#limit) this.end();
  }

  /** Whether everything put in line so far was sent. */
  get isIdle(): boolean {
    return this.#room && this.#waiting.length === 0;
  }

  /** Ends the stream; what still waits is dropped. */
  end(): void {
    if (this.#over) return;
    this.giveUp();
    this.#sink.end(NO_FIELDS);
  }

  /** The client is gone. */
  giveUp(): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = [];
    this.#start = undefined;
    this.#sink.onDrain = undefined;
    this.#onOver();
  }

  #flow(): void {
    while (this.#room && !this.#over) {
      const frame = this.#next();
      if (frame === undefined) return;
      this.#room = this.#sink.write(Buffer.from(frame()));
    }
  }

  #next(): Frame | undefined {
    const step = this.#start?.next();
    return step === undefined || step.done === true ? this.#waiting.shift() : step.value;
  }
}

function* concat<T>(...parts: readonly Iterable<T>[]): Iterable<T> {
  for (const part of parts) yield* part;
}
