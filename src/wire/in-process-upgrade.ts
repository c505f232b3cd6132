import type {
  BodySink,
  ClientConnection,
  ExchangeHandler,
  RequestHead,
  ResetReason,
  ResponseHead,
  ServerExchange,
  Tunnel,
} from './exchange.ts';
import { fieldValue, NO_FIELDS } from './fields.ts';
import { InProcessBody } from './in-process-body.ts';
import type { InProcessDestroyable, InProcessOwner } from './in-process-exchange.ts';
import { areSendable, responseOf } from './in-process-head.ts';
import { forbidsBody } from './raw-fields.ts';
import type { UpgradeAnswer, UpstreamFailure } from './upstream.ts';

/** As over a socket: no PING shows that a handler hangs. */
const ANSWER_MS = 60_000;

/** A request to a handler in this process that asks for a switch of protocols: what an HTTP/1.1 connection of its own is. */
export class InProcessUpgrade implements InProcessDestroyable {
  readonly answer: Promise<UpgradeAnswer>;
  readonly #owner: InProcessOwner;
  readonly #served: ServerExchange;
  readonly #gone = new AbortController();
  readonly #signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #resolve: (answer: UpgradeAnswer) => void;
  readonly #up = new InProcessBody({ read: () => this.#halfOver(), reset: () => this.destroy() });
  readonly #down = new InProcessBody({ read: () => this.#halfOver(), reset: () => this.destroy() });
  readonly #refusal = new InProcessBody({ written: () => this.#end(), reset: () => this.destroy() });
  #state: 'asked' | 'refused' | 'switched' | 'over' = 'asked';
  #open = 2;

  /** `head`: as `upgradeOf` gives it. `signal`, not aborted yet, gives up until the handler has switched. */
  constructor(
    owner: InProcessOwner,
    handler: ExchangeHandler,
    connection: Omit<ClientConnection, 'closed'>,
    head: RequestHead,
    signal: AbortSignal,
  ) {
    const { promise, resolve } = Promise.withResolvers<UpgradeAnswer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#owner = owner;
    this.#signal = signal;
    const body = new InProcessBody({ reset: () => {} });
    body.end(NO_FIELDS);
    this.#served = {
      connection: { ...connection, closed: this.#gone.signal },
      head,
      bodyless: true,
      body,
      upgrade: {
        protocol: fieldValue(head.fields, 'upgrade') ?? '',
        switchProtocols: (switched) => this.#switch(switched),
      },
      onAbort: undefined,
      inform: () => {},
      respond: (response, bodyless) => this.#respond(response, bodyless),
      reset: () => this.#break(),
    };
    this.#timer = setTimeout(() => this.#giveUp(this.#failure('timeout')), ANSWER_MS);
    signal.addEventListener('abort', this.#aborted);
    queueMicrotask(() => this.#start(handler));
  }

  /** As if its connection was lost. */
  destroy(): void {
    this.#giveUp(this.#failure('connection-lost'));
  }

  #start(handler: ExchangeHandler): void {
    if (this.#state !== 'asked') return;
    let returned = false;
    try {
      handler(this.#served);
      returned = true;
    } finally {
      if (!returned) this.#break();
    }
  }

  #respond(head: ResponseHead, bodyless: boolean): BodySink {
    if (this.#state !== 'asked') return this.#refusal;
    const response = responseOf(head);
    if (response === undefined) {
      this.#break();
      return this.#refusal;
    }
    this.#answered({ kind: 'refused', head: response, body: this.#refusal });
    this.#state = 'refused';
    if (bodyless || forbidsBody(this.#served.head.method, head.status)) this.#refusal.end(NO_FIELDS);
    return this.#refusal;
  }

  #switch({ fields }: ResponseHead): Tunnel {
    if (this.#state === 'asked' && areSendable(fields)) {
      this.#state = 'switched';
      this.#signal.removeEventListener('abort', this.#aborted);
      const tunnel = { source: this.#down, sink: this.#up };
      this.#answered({ kind: 'switched', head: { status: 101, fields }, tunnel });
    } else this.#break();
    return { source: this.#up, sink: this.#down };
  }

  #answered(answer: UpgradeAnswer): void {
    clearTimeout(this.#timer);
    this.#resolve(answer);
  }

  /** The handler gives up; whoever waits for it sees a lost connection. */
  #break(): void {
    this.#served.onAbort = undefined;
    this.destroy();
  }

  readonly #aborted = (): void => this.#giveUp(this.#failure('connection-lost'), 'cancel');

  #giveUp(failure: UpstreamFailure, seen: ResetReason = failure.reason): void {
    if (this.#state === 'over') return;
    const abort = this.#state === 'switched' ? undefined : this.#served.onAbort;
    queueMicrotask(() => abort?.(seen));
    this.#answered({ kind: 'failed', failure });
    this.#end();
    for (const body of [this.#up, this.#down, this.#refusal]) body.break('connection-lost');
  }

  #halfOver(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#end();
  }

  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#served.onAbort = undefined;
    this.#signal.removeEventListener('abort', this.#aborted);
    this.#gone.abort();
    this.#owner.released(this);
  }

  #failure(reason: 'timeout' | 'connection-lost'): UpstreamFailure {
    const how = reason === 'timeout' ? 'did not answer' : 'broke off';
    const message = `the server ${this.#owner.name} in this process ${how} a request to switch protocols; whether it acted on it is unknown`;
    return { processed: 'unknown', reason, cause: 'connection', message };
  }
}
