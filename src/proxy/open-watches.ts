import { type WatchFraming, watchFraming } from '../kubernetes/watch-framing.ts';
import type { BodySink, ResponseHead, ServerExchange } from '../wire/exchange.ts';
import { type Fields, fieldValue, NO_FIELDS } from '../wire/fields.ts';
import type { ResponseSink } from './response-relay.ts';

/**
 * The watches of all clients. They end by themselves only after minutes or hours, so that a process that stops has to end
 * them: between two events and cleanly, which an informer takes for the ordinary end of a watch and resumes behind the
 * last event it saw.
 */
export class OpenWatches {
  readonly #open = new Set<EndableWatch>();
  readonly #random: () => number;
  #endBy: number | undefined;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get count(): number {
    return this.#open.size;
  }

  /** The watch of `exchange` is answered with `head`. Returns where its events go: to `sink`, but for those after its end. */
  opened(exchange: ServerExchange, { status, fields }: ResponseHead, sink: ResponseSink): ResponseSink {
    if (status !== 200) return sink;
    const framing = watchFraming(
      fieldValue(fields, 'content-type'),
      fieldValue(fields, 'content-encoding')?.toLowerCase(),
    );
    if (framing === undefined) return sink;
    const watch = new EndableWatch(exchange, sink, framing, this.#open);
    this.#open.add(watch);
    if (this.#endBy !== undefined) later(this.#random() * Math.max(0, this.#endBy - performance.now()), watch);
    return watch;
  }

  /**
   * Ends every watch within `windowMs`, one after the other at even distances with jitter, so that their clients do not
   * come back all at once. Watches that are answered from now on end within the same window.
   */
  endWithin(windowMs: number): void {
    this.#endBy = performance.now() + windowMs;
    const slot = windowMs / Math.max(1, this.#open.size);
    let slots = 0;
    for (const watch of this.#open) {
      later((slots + this.#random()) * slot, watch);
      slots += 1;
    }
  }
}

function later(ms: number, watch: EndableWatch): void {
  setTimeout(() => watch.finish(), ms).unref();
}

/** The response of a watch on its way to the client. */
class EndableWatch implements ResponseSink {
  readonly #exchange: ServerExchange;
  readonly #sink: ResponseSink;
  readonly #framing: WatchFraming;
  /** Holds it while it is open. */
  readonly #open: Set<EndableWatch>;
  #state: 'open' | 'finishing' | 'over' = 'open';

  constructor(exchange: ServerExchange, sink: ResponseSink, framing: WatchFraming, open: Set<EndableWatch>) {
    this.#exchange = exchange;
    this.#sink = sink;
    this.#framing = framing;
    this.#open = open;
  }

  get onDrain(): (() => void) | undefined {
    return this.#sink.onDrain;
  }

  set onDrain(listener: (() => void) | undefined) {
    this.#sink.onDrain = listener;
  }

  get keepsNothing(): boolean {
    return this.#sink.keepsNothing === true;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#state === 'over') return true;
    const taken = this.#framing.take(chunk, this.#state === 'finishing');
    const more = this.#sink.write(taken === chunk.byteLength ? chunk : chunk.subarray(0, taken));
    if (this.#state === 'finishing') this.finish();
    return more;
  }

  end(trailers: Fields): void {
    if (this.#state === 'over') return;
    this.#over();
    this.#sink.end(trailers);
  }

  reset(reason: Parameters<BodySink['reset']>[0]): void {
    if (this.#state === 'over') return;
    this.#over();
    this.#sink.reset(reason);
  }

  left(): void {
    this.#over();
    this.#sink.left?.();
  }

  /** Ends cleanly as soon as no event is half out; the server's side is given up then. */
  finish(): void {
    if (this.#state === 'over') return;
    this.#state = 'finishing';
    if (!this.#framing.isBetweenEvents) return;
    this.#over();
    this.#sink.end(NO_FIELDS);
    const abort = this.#exchange.onAbort;
    this.#exchange.onAbort = undefined;
    abort?.('cancel');
  }

  #over(): void {
    this.#state = 'over';
    this.#open.delete(this);
  }
}
