import type { BodySink, BodySource } from '../wire/exchange.ts';
import { NO_FIELDS } from '../wire/fields.ts';
import { discard } from '../wire/relay.ts';

/** The body of a request as a stream: nothing is taken from the wire before it is asked for. */
export class RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #source: BodySource;
  #isRead = false;
  #isUnwanted = false;

  constructor(source: BodySource) {
    this.#source = source;
    this.stream = new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#pull(controller), cancel: () => this.drop() },
      { highWaterMark: 0 },
    );
  }

  /** Reads away what nobody wants, so that its connection can serve the next request. */
  drop(): void {
    this.#isUnwanted = true;
    if (this.#isRead) this.#source.resume();
    else discard(this.#source);
    this.#isRead = true;
  }

  #pull(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#isRead) {
      this.#source.resume();
      return;
    }
    this.#isRead = true;
    this.#source.read({
      data: (chunk) => {
        if (this.#isUnwanted) return true;
        controller.enqueue(chunk);
        return (controller.desiredSize ?? 0) > 0;
      },
      end: () => {
        if (!this.#isUnwanted) controller.close();
      },
      reset: (reason) => {
        if (!this.#isUnwanted) controller.error(new DOMException(`The request broke off (${reason}).`, 'AbortError'));
      },
    });
  }
}

/**
 * Writes the body of a response as fast as it is taken; `signal` says that nobody takes it any more. Rejects when the
 * stream fails, and then the message is not ended.
 */
export async function sendStream(stream: ReadableStream<unknown>, sink: BodySink, signal: AbortSignal): Promise<void> {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();
  while (!signal.aborted) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!(value instanceof Uint8Array)) {
      cancel();
      throw new TypeError('The body of a response must consist of bytes (Uint8Array).');
    }
    if (!sink.write(value)) await room(sink, signal);
  }
  signal.removeEventListener('abort', cancel);
  if (!signal.aborted) sink.end(NO_FIELDS);
}

function room(sink: BodySink, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    sink.onDrain = resolve;
  });
}
