import type {
  BodyReceiver,
  BodySink,
  BodySource,
  ClientConnection,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerExchange,
} from '../../../../wire/exchange.ts';
import { type Fields, NO_FIELDS } from '../../../../wire/fields.ts';

const CONNECTION: ClientConnection = {
  id: 1,
  protocol: 'h2',
  remoteAddress: '192.0.2.1',
  certificate: { kind: 'none' },
  closed: new AbortController().signal,
};

/** One request and what was answered to it. The answer's reader may be slow: then nothing is taken until `drain`. */
export class CalledExchange implements ServerExchange, BodySource, BodySink {
  readonly connection = CONNECTION;
  readonly head: RequestHead;
  readonly bodyless: boolean;
  readonly body = this;
  readonly upgrade = undefined;
  onAbort: ((reason: ResetReason) => void) | undefined;
  onDrain: (() => void) | undefined;
  answer: ResponseHead | undefined;
  readonly warnings: string[] = [];
  text = '';
  isOver = false;
  slow = false;
  readonly #bytes: Uint8Array;
  #onChange: () => void = () => {};

  constructor(method: string, target: string, body = '', fields: Fields = NO_FIELDS) {
    this.head = { method, target, authority: 'kubernetes.example', fields };
    this.bodyless = body === '';
    this.#bytes = Buffer.from(body);
  }

  read(receiver: BodyReceiver): void {
    queueMicrotask(() => {
      receiver.data(this.#bytes);
      receiver.end(NO_FIELDS);
    });
  }

  pause(): void {}

  resume(): void {}

  inform(): void {}

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    if (this.answer !== undefined) throw new TypeError('A request was answered twice.');
    this.answer = head;
    this.isOver = bodyless;
    this.#onChange();
    return this;
  }

  write(chunk: Uint8Array): boolean {
    if (this.isOver) throw new TypeError('Something was written after the end.');
    this.text += Buffer.from(chunk).toString();
    this.#onChange();
    return !this.slow;
  }

  end(): void {
    this.isOver = true;
    this.#onChange();
  }

  reset(): void {
    this.isOver = true;
    this.#onChange();
  }

  /** Takes more of the answer. */
  drain(): void {
    this.onDrain?.();
  }

  /** Resolves as soon as `holds` does. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = () => {
        if (holds()) resolve();
      };
      this.#onChange();
    });
  }
}
