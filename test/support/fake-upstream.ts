import type { BodySource, RequestHead, ResetReason, ResponseHead } from '../../src/wire/exchange.ts';
import { type Fields, NO_FIELDS } from '../../src/wire/fields.ts';
import type {
  UpgradeAnswer,
  Upstream,
  UpstreamExchange,
  UpstreamFailure,
  UpstreamReceiver,
} from '../../src/wire/upstream.ts';
import { FakeBody, FakeSink } from './fake-exchange.ts';

/** A failure of the kind that `overrides` says; by default a server that cannot be connected to. */
export function failureOf(overrides: Partial<UpstreamFailure> = {}): UpstreamFailure {
  return { processed: 'no', reason: 'refused', cause: 'connect', message: 'connection refused', ...overrides };
}

/** A request that arrived at a server which the test plays. */
export class ArrivedRequest {
  readonly head: RequestHead;
  readonly bodyless: boolean;
  /** What arrives of the request's body. */
  readonly body: FakeSink | undefined;
  /** Why the proxy gave the request up. */
  resetReason: ResetReason | undefined;
  readonly #receiver: UpstreamReceiver;
  readonly #over: () => void;
  #state: 'open' | 'responded' | 'over' = 'open';

  constructor(head: RequestHead, bodyless: boolean, receiver: UpstreamReceiver, over: () => void) {
    this.head = head;
    this.bodyless = bodyless;
    this.body = bodyless ? undefined : new FakeSink();
    this.#receiver = receiver;
    this.#over = over;
  }

  /** No answer can be given any more. */
  get isOver(): boolean {
    return this.#state === 'over';
  }

  inform(head: ResponseHead): void {
    if (this.#state === 'open') this.#receiver.inform(head);
  }

  /** Begins an answer whose body the test sends. */
  begin(status: number, fields: Fields = NO_FIELDS): FakeBody {
    const body = new FakeBody();
    this.#respond({ status, fields }, body, false);
    return body;
  }

  /** Answers at once. `undefined`: an answer without body. */
  respond(status: number, fields: Fields = NO_FIELDS, body?: string): void {
    const source = new FakeBody();
    if (body !== undefined) source.send(body);
    source.end();
    this.#respond({ status, fields }, source, body === undefined);
    this.finish();
  }

  fail(failure: Partial<UpstreamFailure> = {}): void {
    if (this.#state !== 'open') return;
    this.finish();
    this.#receiver.failed(failureOf(failure));
  }

  /** The stream is closed, by whichever side. */
  finish(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#over();
  }

  /** As the wire's contract has it: a request that was given up hears nothing any more. */
  giveUp(reason: ResetReason): void {
    if (this.#state === 'over') return;
    this.resetReason = reason;
    this.finish();
  }

  #respond(head: ResponseHead, body: BodySource, bodyless: boolean): void {
    if (this.#state !== 'open') throw new TypeError('A request has one answer.');
    this.#state = 'responded';
    this.#receiver.respond(head, body, bodyless);
  }
}

interface ArrivedUpgrade {
  readonly head: RequestHead;
  readonly signal: AbortSignal;
  answer(answer: UpgradeAnswer): void;
}

/** Connections to a server that the test plays: it finds what arrived in `requests`, or answers by `handler`. */
export class FakeUpstream implements Upstream {
  readonly requests: ArrivedRequest[] = [];
  readonly upgrades: ArrivedUpgrade[] = [];
  /** Called for every request, after the proxy's call has returned. */
  handler: ((request: ArrivedRequest) => void) | undefined;
  /** Open exchanges that do not come from the test. */
  load = 0;
  closedWith: number | undefined;
  /** Every doubt, with the milliseconds it left for a sign of life. */
  readonly doubts: number[] = [];
  /** How often waiting requests were turned away. */
  turnedAway = 0;
  #open = 0;

  constructor(handler?: (request: ArrivedRequest) => void) {
    this.handler = handler;
  }

  get inFlight(): number {
    return this.load + this.#open;
  }

  /** The one request that arrived; throws unless there is exactly one. */
  get arrived(): ArrivedRequest {
    const [request] = this.requests;
    if (request === undefined || this.requests.length > 1)
      throw new TypeError(`${this.requests.length} requests arrived`);
    return request;
  }

  request(head: RequestHead, bodyless: boolean, receiver: UpstreamReceiver): UpstreamExchange {
    this.#open++;
    const request = new ArrivedRequest(head, bodyless, receiver, () => this.#open--);
    this.requests.push(request);
    queueMicrotask(() => {
      if (!request.isOver) this.handler?.(request);
    });
    return { body: request.body, reset: (reason) => request.giveUp(reason) };
  }

  upgrade(head: RequestHead, signal: AbortSignal): Promise<UpgradeAnswer> {
    return new Promise((resolve) => this.upgrades.push({ head, signal, answer: resolve }));
  }

  received = 0;

  suspect(timeoutMs: number): void {
    this.doubts.push(timeoutMs);
  }

  turnAway(): void {
    this.turnedAway += 1;
  }

  close(graceMs: number): Promise<void> {
    this.closedWith = graceMs;
    return Promise.resolve();
  }
}
