import type { BodySink, BodySource, ResetReason } from '../wire/exchange.ts';
import type { Fields } from '../wire/fields.ts';
import { keepChunk } from '../wire/kept-chunks.ts';
import type { BufferBudget } from './buffer-budget.ts';

/** How the client's side of the body ended, if it did. */
type Ending =
  | { readonly kind: 'open' }
  | { readonly kind: 'ended'; readonly trailers: Fields }
  | { readonly kind: 'reset'; readonly reason: ResetReason };

/**
 * A request body that can be sent again to another server until the response begins: what was read is kept up to
 * `limit` bytes and within the shared budget. Beyond that the body streams on, but only once.
 */
export class ReplayableBody {
  readonly #source: BodySource;
  readonly #limit: number;
  readonly #budget: BufferBudget;
  readonly #clean: (trailers: Fields) => Fields;
  #kept: Uint8Array[] | undefined = [];
  #keptBytes = 0;
  #reading = false;
  #isHeld = false;
  #ending: Ending = { kind: 'open' };
  #sink: BodySink | undefined;

  /** `clean` makes the trailers that travel of those that came. */
  constructor(source: BodySource, limit: number, budget: BufferBudget, clean: (trailers: Fields) => Fields) {
    this.#source = source;
    this.#limit = limit;
    this.#budget = budget;
    this.#clean = clean;
  }

  /** Everything read so far can be sent again. */
  get replayable(): boolean {
    return this.#kept !== undefined;
  }

  /** Its end has come, so that whoever got the body may have the end, too. */
  get isWhole(): boolean {
    return this.#ending.kind === 'ended';
  }

  /** Sends the body to `sink` from its beginning. Call again only while `replayable`; the former sink gets nothing more. */
  sendTo(sink: BodySink): void {
    if (this.#sink !== undefined) this.#sink.onDrain = undefined;
    this.#sink = sink;
    this.#isHeld = false;
    sink.onDrain = () => {
      if (!this.#isHeld) this.#source.resume();
    };
    let accepting = true;
    for (const chunk of this.#kept ?? []) accepting = sink.write(chunk);
    this.#finish(sink);
    if (!this.#reading) this.#read();
    else if (accepting) this.#source.resume();
    else this.#source.pause();
  }

  /** It is not known whether another attempt follows: takes no more of the body, so that it stays replayable. */
  hold(): void {
    this.#isHeld = true;
    if (this.#reading) this.#source.pause();
  }

  /** No attempt follows: forgets what was kept. The body itself streams on. */
  commit(): void {
    this.#forget();
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (this.#reading) this.#source.resume();
  }

  #forget(): void {
    if (this.#kept === undefined) return;
    this.#kept = undefined;
    this.#budget.give(this.#keptBytes);
    this.#keptBytes = 0;
  }

  /** Nobody wants the rest: reads it away so that an HTTP/1.1 connection can be used again. */
  drain(): void {
    this.commit();
    if (this.#sink !== undefined) this.#sink.onDrain = undefined;
    this.#sink = undefined;
    if (!this.#reading) this.#read();
    this.#source.resume();
  }

  #read(): void {
    this.#reading = true;
    this.#source.read({
      data: (chunk) => {
        this.#keep(chunk);
        return (this.#sink?.write(chunk) ?? true) && !this.#isHeld;
      },
      end: (trailers) => {
        this.#ending = { kind: 'ended', trailers: this.#clean(trailers) };
        if (this.#sink !== undefined) this.#finish(this.#sink);
      },
      reset: (reason) => {
        this.#ending = { kind: 'reset', reason };
        // What broke off is worth nothing to another server.
        this.#forget();
        if (this.#sink !== undefined) this.#finish(this.#sink);
      },
    });
  }

  #keep(chunk: Uint8Array): void {
    if (this.#kept === undefined) return;
    if (this.#keptBytes + chunk.length > this.#limit || !this.#budget.take(chunk.length)) {
      this.#forget();
      return;
    }
    keepChunk(this.#kept, chunk);
    this.#keptBytes += chunk.length;
  }

  #finish(sink: BodySink): void {
    if (this.#ending.kind === 'ended') sink.end(this.#ending.trailers);
    else if (this.#ending.kind === 'reset') sink.reset(this.#ending.reason);
  }
}
