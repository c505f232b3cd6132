import type { Readable, Writable } from 'node:stream';
import type { BodyReceiver, BodySource, ResetReason } from './exchange.ts';
import { type Fields, NO_FIELDS } from './fields.ts';

/** How one readable of Node tells a complete message from a truncated one; both may look like `end`. */
export interface Completion {
  /** Asked at the readable's `end`: was the message's own end seen? */
  complete(): boolean;
  trailers(): Fields;
  /** Asked when it ended without being complete. */
  reason(): ResetReason;
}

/** One message body that arrives through a readable of Node. */
export class ReadableBody implements BodySource {
  readonly #readable: Readable;
  readonly #completion: Completion;
  #gone = false;

  constructor(readable: Readable, completion: Completion) {
    this.#readable = readable;
    this.#completion = completion;
    readable.once('close', () => {
      this.#gone = true;
    });
  }

  read(receiver: BodyReceiver): void {
    const readable = this.#readable;
    const completion = this.#completion;
    let done = false;
    const finish = (): void => {
      if (done) return;
      done = true;
      if (readable.readableEnded && completion.complete()) receiver.end(completion.trailers());
      else receiver.reset(completion.reason());
    };
    if (this.#gone) {
      queueMicrotask(finish);
      return;
    }
    readable.on('end', finish);
    readable.on('close', finish);
    readable.on('data', (chunk: Uint8Array) => {
      if (!done && !receiver.data(chunk)) readable.pause();
    });
  }

  pause(): void {
    this.#readable.pause();
  }

  resume(): void {
    if (!this.#readable.destroyed) this.#readable.resume();
  }
}

/** The body of a message without one. */
export const NO_BODY: BodySource = {
  read: (receiver) => queueMicrotask(() => receiver.end(NO_FIELDS)),
  pause: () => {},
  resume: () => {},
};

/** Writes unless the other side is gone or the message is over; then bytes are dropped, as the sink's contract says. */
export function writeUnlessOver(writable: Writable, chunk: Uint8Array): boolean {
  if (writable.destroyed || writable.writableEnded) return true;
  return writable.write(chunk);
}
