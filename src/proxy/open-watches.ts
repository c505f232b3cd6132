import { requestInfo } from '../kubernetes/request-info.ts';
import { type WatchFraming, watchFraming } from '../kubernetes/watch-framing.ts';
import type { BodySink, ExchangeHandler, ServerExchange } from '../wire/exchange.ts';
import { type Fields, fieldValue, NO_FIELDS } from '../wire/fields.ts';
import { withRespond } from '../wire/overridden-exchange.ts';

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

  /** Passes everything on to `handler` and keeps book of the watches among it. */
  around(handler: ExchangeHandler): ExchangeHandler {
    return (exchange) => handler(isWatch(exchange) ? this.#watched(exchange) : exchange);
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

  #watched(exchange: ServerExchange): ServerExchange {
    return withRespond(exchange, (head, bodyless) => {
      const sink = exchange.respond(head, bodyless);
      if (bodyless || head.status !== 200) return sink;
      const framing = watchFraming(
        fieldValue(head.fields, 'content-type'),
        fieldValue(head.fields, 'content-encoding')?.toLowerCase(),
      );
      if (framing === undefined) return sink;
      const watch = new EndableWatch(exchange, sink, framing, () => this.#open.delete(watch));
      this.#open.add(watch);
      if (this.#endBy !== undefined) later(this.#random() * Math.max(0, this.#endBy - performance.now()), watch);
      return watch;
    });
  }
}

function later(ms: number, watch: EndableWatch): void {
  setTimeout(() => watch.finish(), ms).unref();
}

/** Parsing is not worth it for a target that does not even have the word. */
function isWatch({ head, upgrade }: ServerExchange): boolean {
  if (upgrade !== undefined || !head.target.includes('watch')) return false;
  try {
    return requestInfo(head.method, head.target).verb === 'watch';
  } catch {
    // The proxy says what is wrong with it.
    return false;
  }
}

/** The response of a watch on its way to the client. */
class EndableWatch implements BodySink {
  readonly #exchange: ServerExchange;
  readonly #sink: BodySink;
  readonly #framing: WatchFraming;
  readonly #onOver: () => void;
  #state: 'open' | 'finishing' | 'over' = 'open';

  constructor(exchange: ServerExchange, sink: BodySink, framing: WatchFraming, onOver: () => void) {
    this.#exchange = exchange;
    this.#sink = sink;
    this.#framing = framing;
    this.#onOver = onOver;
    const abort = exchange.onAbort;
    exchange.onAbort = (reason) => {
      this.#over();
      abort?.(reason);
    };
  }

  get onDrain(): (() => void) | undefined {
    return this.#sink.onDrain;
  }

  set onDrain(listener: (() => void) | undefined) {
    this.#sink.onDrain = listener;
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
    this.#onOver();
  }
}
