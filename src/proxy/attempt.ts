import type { BodySink, BodySource, RequestHead, ResetReason, ResponseHead } from '../wire/exchange.ts';
import type { Upstream, UpstreamExchange, UpstreamFailure, UpstreamReceiver } from '../wire/upstream.ts';
import type { Backend } from './proxy-snapshot.ts';
import type { Forward } from './route.ts';

/** The request that an attempt is made for. */
export interface AttemptOwner {
  informed(attempt: Attempt, head: ResponseHead): void;
  answered(attempt: Attempt, head: ResponseHead, body: BodySource, bodyless: boolean): void;
  failed(attempt: Attempt, failure: UpstreamFailure): void;
}

/** A request on its way to one server. With the answer it lets go of its owner: its stream keeps it as long as a watch lasts. */
export class Attempt implements UpstreamReceiver {
  readonly decision: Forward;
  readonly backend: Backend;
  #owner: AttemptOwner | undefined;
  #exchange: UpstreamExchange | undefined;

  constructor(owner: AttemptOwner, decision: Forward, backend: Backend) {
    this.#owner = owner;
    this.decision = decision;
    this.backend = backend;
  }

  /** Name of the server. */
  get server(): string {
    return this.backend.name;
  }

  /** Returns where the body of the request goes; undefined: it has none. */
  send(upstream: Upstream, head: RequestHead, bodyless: boolean): BodySink | undefined {
    this.#exchange = upstream.request(head, bodyless, this);
    return this.#exchange.body;
  }

  reset(reason: ResetReason): void {
    this.#exchange?.reset(reason);
  }

  inform(head: ResponseHead): void {
    this.#owner?.informed(this, head);
  }

  respond(head: ResponseHead, body: BodySource, bodyless: boolean): void {
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.answered(this, head, body, bodyless);
  }

  failed(failure: UpstreamFailure): void {
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.failed(this, failure);
  }
}
