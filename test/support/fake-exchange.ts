import type {
  BodyReceiver,
  BodySink,
  BodySource,
  ClientCertificate,
  ClientConnection,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerExchange,
  Tunnel,
  UpgradeOffer,
} from '../../src/wire/exchange.ts';
import { type Fields, fieldValue, NO_FIELDS } from '../../src/wire/fields.ts';

/** A message body whose sender is the test. As on the wire, nothing flows before `read`, nor within the call that asks for it. */
export class FakeBody implements BodySource {
  #receiver: BodyReceiver | undefined;
  #waiting: ((receiver: BodyReceiver) => boolean)[] = [];
  #flowing = false;
  /** What the receiver last asked for. */
  paused = false;

  /** Whether somebody reads it. */
  get isRead(): boolean {
    return this.#receiver !== undefined;
  }

  /** Bytes and ends that are not delivered yet. */
  get held(): number {
    return this.#waiting.length;
  }

  send(chunk: Uint8Array | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    this.#put((receiver) => receiver.data(bytes));
  }

  end(trailers: Fields = NO_FIELDS): void {
    this.#put((receiver) => {
      receiver.end(trailers);
      return true;
    });
  }

  reset(reason: ResetReason): void {
    this.#put((receiver) => {
      receiver.reset(reason);
      return true;
    });
  }

  read(receiver: BodyReceiver): void {
    if (this.#receiver !== undefined) throw new TypeError('A body has one receiver.');
    this.#receiver = receiver;
    queueMicrotask(() => this.#start());
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (this.#flowing) queueMicrotask(() => this.#flow());
  }

  #put(deliver: (receiver: BodyReceiver) => boolean): void {
    this.#waiting.push(deliver);
    if (this.#flowing) this.#flow();
  }

  #start(): void {
    this.#flowing = true;
    this.#flow();
  }

  #flow(): void {
    while (this.#receiver !== undefined && !this.paused) {
      const deliver = this.#waiting.shift();
      if (deliver === undefined) return;
      if (!deliver(this.#receiver)) this.paused = true;
    }
  }
}

/** A message body as it was written, with the test as the reader. */
export class FakeSink implements BodySink {
  onDrain: (() => void) | undefined;
  readonly chunks: Uint8Array[] = [];
  trailers: Fields | undefined;
  resetReason: ResetReason | undefined;
  /** While true, every write asks the writer to stop. */
  full = false;
  /** What was called after the message was over; a well-behaved writer leaves it empty. */
  readonly late: string[] = [];

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  /** How the message ended; undefined while it goes on. */
  get ending(): 'end' | ResetReason | undefined {
    return this.trailers === undefined ? this.resetReason : 'end';
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver('write')) return true;
    this.chunks.push(Uint8Array.from(chunk));
    return !this.full;
  }

  end(trailers: Fields): void {
    if (!this.#isOver('end')) this.trailers = trailers;
  }

  reset(reason: ResetReason): void {
    if (!this.#isOver('reset')) this.resetReason = reason;
  }

  /** Has room again. */
  drain(): void {
    this.full = false;
    this.onDrain?.();
  }

  #isOver(call: string): boolean {
    if (this.ending === undefined) return false;
    this.late.push(call);
    return true;
  }
}

let lastId = 0;

/** A connection; `close` is the client's leaving. */
export class FakeConnection implements ClientConnection {
  readonly id = ++lastId;
  readonly protocol: 'h2' | 'http/1.1';
  readonly remoteAddress: string;
  readonly certificate: ClientCertificate;
  readonly #gone = new AbortController();

  constructor({
    protocol = 'h2',
    remoteAddress = '192.0.2.1',
    certificate = { kind: 'none' },
  }: Partial<Pick<ClientConnection, 'protocol' | 'remoteAddress' | 'certificate'>> = {}) {
    this.protocol = protocol;
    this.remoteAddress = remoteAddress;
    this.certificate = certificate;
  }

  get closed(): AbortSignal {
    return this.#gone.signal;
  }

  close(): void {
    this.#gone.abort();
  }
}

export interface FakeRequest {
  readonly method?: string;
  readonly target?: string;
  readonly authority?: string | undefined;
  readonly fields?: Fields;
  readonly connection?: ClientConnection;
  /** Whether a body follows. Default false. */
  readonly hasBody?: boolean;
  /** The Upgrade field of a client that asks to switch protocols. */
  readonly upgrade?: string;
}

export interface FakeAnswer {
  readonly head: ResponseHead;
  readonly bodyless: boolean;
  readonly body: FakeSink;
}

/** One request of a client that the test plays. */
export class FakeExchange implements ServerExchange {
  readonly connection: ClientConnection;
  readonly head: RequestHead;
  readonly bodyless: boolean;
  readonly body = new FakeBody();
  readonly upgrade: UpgradeOffer | undefined;
  onAbort: ((reason: ResetReason) => void) | undefined;
  readonly informed: ResponseHead[] = [];
  /** Every answer that was begun; the wire would drop all but the first, and a handler must not need that. */
  readonly answers: FakeAnswer[] = [];
  /** Why the handler gave the exchange up. */
  resetReason: ResetReason | undefined;
  /** After a switch of protocols: what the client sends, and what it is sent. */
  readonly tunnel = { source: new FakeBody(), sink: new FakeSink() };
  switched: ResponseHead | undefined;
  #gone = false;

  constructor(request: FakeRequest = {}) {
    this.connection = request.connection ?? new FakeConnection();
    this.head = {
      method: request.method ?? 'GET',
      target: request.target ?? '/api/v1/pods',
      authority: 'authority' in request ? request.authority : 'kubernetes.example',
      fields: request.fields ?? NO_FIELDS,
    };
    this.bodyless = !request.hasBody;
    const { upgrade } = request;
    this.upgrade =
      upgrade === undefined ? undefined : { protocol: upgrade, switchProtocols: (head) => this.#switch(head) };
  }

  /** The one answer; throws unless there is exactly one. */
  get answer(): FakeAnswer {
    const [answer] = this.answers;
    if (answer === undefined || this.answers.length > 1)
      throw new TypeError(`${this.answers.length} answers were given`);
    return answer;
  }

  inform(head: ResponseHead): void {
    this.informed.push(head);
  }

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    const body = new FakeSink();
    if (!this.#gone) this.answers.push({ head, bodyless, body });
    return body;
  }

  reset(reason: ResetReason): void {
    this.resetReason = reason;
  }

  /** The client resets the exchange or leaves. */
  abort(reason: ResetReason = 'cancel'): void {
    this.#gone = true;
    const { onAbort } = this;
    this.onAbort = undefined;
    onAbort?.(reason);
  }

  #switch(head: ResponseHead): Tunnel {
    this.switched = head;
    return this.tunnel;
  }
}

/** The answer's field `name`; undefined when there is none. */
export function answerField({ head }: FakeAnswer, name: string): string | undefined {
  return fieldValue(head.fields, name);
}
