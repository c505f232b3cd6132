import type { BodyReceiver, BodySink, BodySource, ResetReason, Tunnel } from './exchange.ts';
import { type Fields, NO_FIELDS } from './fields.ts';
import { keepChunk } from './kept-chunks.ts';

type OnOver = (reason: ResetReason | undefined) => void;

/**
 * Copies one body with backpressure: while the sink is full nothing is taken from the source. The sink ends as the source
 * did, never cleanly after a broken one. `onOver` is called once, last, with the reason if the source broke.
 */
export function relay(source: BodySource, sink: BodySink, onOver?: OnOver): void {
  source.read(new Relay(source, sink, onOver));
}

class Relay implements BodyReceiver {
  readonly #source: BodySource;
  readonly #sink: BodySink;
  readonly #onOver: OnOver | undefined;

  constructor(source: BodySource, sink: BodySink, onOver: OnOver | undefined) {
    this.#source = source;
    this.#sink = sink;
    this.#onOver = onOver;
  }

  get keepsNothing(): boolean {
    return this.#sink.keepsNothing === true;
  }

  data(chunk: Uint8Array): boolean {
    return writeThrough(this.#sink, chunk, this.#source);
  }

  end(trailers: Fields): void {
    this.#sink.end(trailers);
    this.#onOver?.(undefined);
  }

  reset(reason: ResetReason): void {
    this.#sink.reset(reason);
    this.#onOver?.(reason);
  }
}

/** Writes `chunk` of `source`, which goes on once the sink has room again. False: the source has to wait for that. */
export function writeThrough(sink: BodySink, chunk: Uint8Array, source: BodySource): boolean {
  if (sink.write(chunk)) return true;
  // Only now: most bodies never meet a full sink.
  sink.onDrain = () => source.resume();
  return false;
}

/**
 * Joins two tunnels until both directions have ended or either side broke. A side that ends closes only its own
 * direction; a side that breaks takes the other with it. `onEnd` is called once, with the reason and the side if one broke.
 */
export function splice(
  a: Tunnel,
  b: Tunnel,
  onEnd: (reason: ResetReason | undefined, broken: Tunnel | undefined) => void,
): void {
  let open = 2;
  const over = (side: Tunnel, reason: ResetReason | undefined): void => {
    if (open === 0) return;
    open -= 1;
    if (reason !== undefined) {
      open = 0;
      a.sink.reset(reason);
      b.sink.reset(reason);
    }
    if (open === 0) onEnd(reason, reason === undefined ? undefined : side);
  };
  relay(a.source, b.sink, (reason) => over(a, reason));
  relay(b.source, a.sink, (reason) => over(b, reason));
  // Who has ended his own direction and then disappears is missed by nobody who has nothing to write, or no room for it.
  a.onLost = () => over(a, 'connection-lost');
  b.onLost = () => over(b, 'connection-lost');
}

export type Collected =
  | { readonly kind: 'whole'; readonly body: Buffer; readonly trailers: Fields }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'reset'; readonly reason: ResetReason };

/**
 * Reads a whole body into memory, for documents of the control path. Beyond `maxBytes` it stops taking and resolves with
 * `too-large`; the caller then resets the exchange.
 */
export function collect(source: BodySource, maxBytes: number): Promise<Collected> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    source.read({
      data(chunk) {
        size += chunk.byteLength;
        if (size > maxBytes) {
          resolve({ kind: 'too-large' });
          return false;
        }
        keepChunk(chunks, chunk);
        return true;
      },
      end: (trailers) => resolve({ kind: 'whole', body: Buffer.concat(chunks), trailers }),
      reset: (reason) => resolve({ kind: 'reset', reason }),
    });
  });
}

/** Sends bytes we hold as a body. */
export function sendBody(sink: BodySink, body: Uint8Array): void {
  sink.write(body);
  sink.end(NO_FIELDS);
}

/** Takes and drops a body nobody wants, so that its exchange can end. */
export function discard(source: BodySource): void {
  source.read({ keepsNothing: true, data: () => true, end: () => {}, reset: () => {} });
}
