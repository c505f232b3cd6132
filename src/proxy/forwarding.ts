import type { Decision } from '../routing/decision.ts';
import { unavailableError } from '../routing/unavailable.ts';
import type { ResetReason } from '../wire/exchange.ts';
import { discard, relay } from '../wire/relay.ts';
import type { UpstreamExchange, UpstreamFailure, UpstreamReceiver } from '../wire/upstream.ts';
import { Attempts } from './attempts.ts';
import { cleanTrailers } from './clean.ts';
import { failureError } from './failure-error.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { type Backend, destination, type ProxySnapshot } from './proxy-snapshot.ts';
import { type Outcome, recordOf } from './record-of.ts';
import { refuse } from './refusal.ts';
import { ReplayableBody } from './replayable-body.ts';
import type { Forward, Route } from './route.ts';
import { learnFrom, upstreamFor } from './trust-class.ts';
import { upstreamHead } from './upstream-head.ts';

/** Where one forwarded request stands. */
type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sent'; readonly decision: Forward; readonly server: string; readonly upstream: UpstreamExchange }
  | { readonly kind: 'relaying'; readonly upstream: UpstreamExchange }
  | { readonly kind: 'over' };

/** Lets a request ask a server for permission only: when `grants` accepts the answer's status, `granted` goes on instead. */
export interface Permission {
  /** The cleaned fields to send instead of the client's. */
  fields(backend: Backend): readonly string[];
  grants(status: number): boolean;
  granted(status: number, backend: Backend): void;
}

/** Carries one request to a server and its answer back, moving to another server while that is safe. */
export class Forwarding {
  readonly #context: ProxyContext;
  readonly #request: PreparedRequest;
  readonly #body: ReplayableBody | undefined;
  readonly #permission: Permission | undefined;
  /** The next attempt asks for permission only. */
  #asking: boolean;
  readonly #attempts: Attempts;
  #phase: Phase = { kind: 'idle' };

  constructor(context: ProxyContext, request: PreparedRequest, permission?: Permission) {
    this.#context = context;
    this.#request = request;
    this.#permission = permission;
    this.#asking = permission !== undefined;
    this.#body = request.exchange.bodyless
      ? undefined
      : new ReplayableBody(request.exchange.body, context.replay.bytesPerRequest, context.replay.budget, (trailers) =>
          cleanTrailers(trailers, context.names),
        );
    this.#attempts = new Attempts(context, request);
    request.exchange.onAbort = (reason) => this.#clientGone(reason);
  }

  /** Sends the request where `decision` says. The exchange is answered in any case; nothing is thrown. */
  start({ decision, snapshot }: Route): void {
    if (this.#phase.kind === 'over') return;
    if (decision.kind === 'unavailable') {
      this.#refuse(unavailableError(this.#request.info, decision, snapshot), decision);
      return;
    }
    try {
      this.#send(decision, snapshot);
    } catch (error) {
      this.#refuse(error, decision);
    }
  }

  #send(decision: Forward, snapshot: ProxySnapshot): void {
    const { exchange, credential, client } = this.#request;
    const { backend, server } = destination(snapshot, decision);
    const head = upstreamHead({
      head: exchange.head,
      fields: (this.#asking ? this.#permission?.fields(backend) : undefined) ?? this.#request.fields,
      credential,
      clientAddress: exchange.connection.remoteAddress,
      server,
      final: decision.final,
    });
    this.#attempts.begin();
    const upstream = upstreamFor(backend, credential, client).request(head, exchange.bodyless, this.#receiver(backend));
    this.#phase = { kind: 'sent', decision, server: server.name, upstream };
    if (upstream.body !== undefined) this.#body?.sendTo(upstream.body);
  }

  /** Answers with `error`; `decision` is what led to it. */
  #refuse(error: unknown, decision: Decision): void {
    this.#phase = { kind: 'over' };
    refuse(this.#context, this.#request, error, { decision, attempts: this.#attempts.count });
    // After the answer: a client that waits for 100 (Continue) must not be asked for a body nobody wants.
    this.#body?.drain();
  }

  #receiver(backend: Backend): UpstreamReceiver {
    const server = backend.name;
    return {
      inform: (head) => {
        if (this.#phase.kind === 'sent') this.#request.exchange.inform(head);
      },
      respond: (head, body, bodyless) => {
        if (this.#phase.kind !== 'sent') return;
        const { decision, upstream } = this.#phase;
        learnFrom(head.status, this.#request.credential, this.#request.client);
        if (this.#permission?.grants(head.status)) {
          this.#finished();
          if (!bodyless) discard(body);
          this.#permission.granted(head.status, backend);
          return;
        }
        const next = this.#attempts.afterAnswer(head, server, this.#replayable) ?? this.#asAsked(head.status);
        if (next !== undefined) {
          this.start(next);
          upstream.reset('cancel');
          return;
        }
        this.#phase = { kind: 'relaying', upstream };
        this.#body?.commit();
        const sink = this.#request.exchange.respond(head, bodyless);
        this.#record({ status: head.status, decision, server });
        if (bodyless) this.#finished();
        else relay(body, sink, () => this.#finished());
      },
      failed: (failure) => {
        if (this.#phase.kind === 'sent') this.#failed(failure, this.#phase.decision, server);
      },
    };
  }

  /** The answer is whole. What still comes of the request is read away, so that its connection can serve the next. */
  #finished(): void {
    this.#phase = { kind: 'over' };
    this.#body?.drain();
  }

  #failed(failure: UpstreamFailure, decision: Forward, server: string): void {
    const next = this.#attempts.after(failure, server, this.#replayable);
    if (next !== undefined) this.start(next);
    else this.#refuse(failureError(failure, server, this.#request.info, this.#attempts.isRead), decision);
  }

  get #replayable(): boolean {
    return this.#body?.replayable ?? true;
  }

  /** Who is refused permission gets the answer to the client's own words: its form depends on the fields we replaced. */
  #asAsked(status: number): Route | undefined {
    if (!this.#asking || (status !== 401 && status !== 403)) return undefined;
    this.#asking = false;
    return this.#attempts.route();
  }

  #clientGone(reason: ResetReason): void {
    const phase = this.#phase;
    this.#phase = { kind: 'over' };
    this.#body?.commit();
    if (phase.kind === 'sent' || phase.kind === 'relaying') phase.upstream.reset(reason);
    if (phase.kind === 'sent') {
      this.#record({ status: 0, decision: phase.decision, server: phase.server });
    }
  }

  #record(outcome: Outcome): void {
    const record = recordOf(this.#request, { ...outcome, attempts: this.#attempts.count }, this.#context.clock());
    this.#context.observer.answered(record);
  }
}
