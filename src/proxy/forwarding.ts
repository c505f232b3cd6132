import type { Decision } from '../routing/decision.ts';
import { unavailableError } from '../routing/unavailable.ts';
import type { BodySource, ResetReason, ResponseHead } from '../wire/exchange.ts';
import { PeekedBody } from '../wire/peeked-body.ts';
import { discard } from '../wire/relay.ts';
import type { UpstreamFailure } from '../wire/upstream.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { Attempts } from './attempts.ts';
import { cleanTrailers } from './clean.ts';
import { bearsOut, DOUBT_LIMITS, type Doubt, doubtAbout } from './doubtful-answer.ts';
import { withoutExplanation } from './explain-header.ts';
import { failureError } from './failure-error.ts';
import { FollowedResponse } from './followed-response.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { type Backend, destination } from './proxy-snapshot.ts';
import { auditIdOf, type Outcome, recordExchange } from './record-of.ts';
import { refuse } from './refusal.ts';
import { ReplayableBody } from './replayable-body.ts';
import { ResponseRelay } from './response-relay.ts';
import type { Forward, Route } from './route.ts';
import { type Remedy, SelfHealing } from './self-healing.ts';
import { learnFrom, upstreamFor } from './trust-class.ts';
import { upstreamHead } from './upstream-head.ts';

/** An answer that may become the client's. */
interface Answer {
  readonly head: ResponseHead;
  readonly body: BodySource;
  readonly bodyless: boolean;
}

/** Where one forwarded request stands. */
type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sent'; readonly attempt: Attempt }
  /** Answered, but the answer may be no reason to stop. */
  | { readonly kind: 'held'; readonly attempt: Attempt }
  /** Answered, by us or by a server whose answer is being relayed, or given up. */
  | { readonly kind: 'over' };

const IDLE: Phase = { kind: 'idle' };
const OVER: Phase = { kind: 'over' };
const NO_BYTES = new Uint8Array();

/** How long a server may think about a permission before another one is asked. */
const PERMISSION_PATIENCE_MS = 1_000;

/** Lets a request ask a server for permission only: when `grants` accepts the answer's status, `granted` goes on instead. */
export interface Permission {
  /** The cleaned fields to send instead of the client's. */
  fields(backend: Backend): readonly string[];
  grants(status: number): boolean;
  granted(status: number, backend: Backend): void;
}

/** Carries one request to a server and its answer back, moving to another server while that is safe. */
export class Forwarding implements AttemptOwner {
  readonly #context: ProxyContext;
  readonly #request: PreparedRequest;
  readonly #body: ReplayableBody | undefined;
  readonly #permission: Permission | undefined;
  /** The next attempt asks for permission only. */
  #asking: boolean;
  #patience: NodeJS.Timeout | undefined;
  readonly #attempts: Attempts;
  /** From the first answer on that says the type is unknown. */
  #healing: SelfHealing | undefined;
  #phase: Phase = IDLE;

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
  start(route: Route): void {
    const { decision, snapshot } = route;
    // The client left while the tables were read for it.
    if (this.#phase.kind === 'over') {
      this.#record({ decision, status: 0 });
      return;
    }
    this.#request.explanation?.routed(route, this.#request.info);
    if (decision.kind === 'unavailable') {
      this.#refuse(unavailableError(this.#request.info, decision, snapshot), decision);
      return;
    }
    try {
      this.#send(decision, route);
    } catch (error) {
      this.#refuse(error, decision);
    }
  }

  #send(decision: Forward, { snapshot, decidedAt }: Route): void {
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
    this.#attempts.begin(decidedAt);
    const attempt = new Attempt(this, decision, backend);
    this.#attempts.sent();
    const body = attempt.send(upstreamFor(backend, credential, client), head, exchange.bodyless);
    this.#phase = { kind: 'sent', attempt };
    this.#forgetPatience();
    if (this.#asking) this.#patience = setTimeout(() => this.#unanswered(attempt), PERMISSION_PATIENCE_MS);
    if (body !== undefined) this.#body?.sendTo(body);
  }

  #forgetPatience(): void {
    if (this.#patience === undefined) return;
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  #isSent(attempt: Attempt): boolean {
    return this.#phase.kind === 'sent' && this.#phase.attempt === attempt;
  }

  /** Answers with `error`; `decision` is what led to it. */
  #refuse(error: unknown, decision: Decision): void {
    this.#phase = OVER;
    this.#forgetPatience();
    const unknownType = this.#healing?.record('unavailable');
    refuse(this.#context, this.#request, error, { decision, attempts: this.#attempts.count, unknownType });
    // After the answer: a client that waits for 100 (Continue) must not be asked for a body nobody wants.
    this.#body?.drain();
  }

  informed(attempt: Attempt, head: ResponseHead): void {
    if (this.#isSent(attempt)) this.#request.exchange.inform(withoutExplanation(head));
  }

  answered(attempt: Attempt, head: ResponseHead, body: BodySource, bodyless: boolean): void {
    if (!this.#isSent(attempt)) return;
    this.#attempts.heard();
    const { backend, server } = attempt;
    this.#forgetPatience();
    learnFrom(head.status, this.#request.credential, this.#request.client);
    if (this.#permission?.grants(head.status)) {
      this.#finished();
      if (!bodyless) discard(body);
      this.#request.explanation?.merged();
      this.#permission.granted(head.status, backend);
      return;
    }
    const next = this.#attempts.afterAnswer(head, server, this.#replayable) ?? this.#asAsked(head.status, server);
    if (next !== undefined) {
      this.start(next);
      attempt.reset('cancel');
      return;
    }
    const doubt = doubtAbout(head, attempt.decision, this.#request);
    if (doubt === undefined) this.#relay({ head, body, bodyless }, attempt);
    else this.#look(doubt, { head, body, bodyless }, attempt);
  }

  failed(attempt: Attempt, reported: UpstreamFailure): void {
    if (!this.#isSent(attempt)) return;
    this.#attempts.heard();
    const { decision, server } = attempt;
    const failure = this.#attempts.noted(reported, this.#body?.isWhole ?? true);
    const next = this.#attempts.after(failure, server, this.#replayable);
    if (next !== undefined) this.start(next);
    else this.#refuse(failureError(failure, server, this.#request.info, this.#attempts), decision);
  }

  /** A server that does not say whether the caller may read delays nobody, as long as there is another one to ask. */
  #unanswered(attempt: Attempt): void {
    if (!this.#isSent(attempt)) return;
    const next = this.#attempts.afterSilence(attempt.server);
    if (next === undefined) return;
    this.start(next);
    attempt.reset('cancel');
  }

  #relay({ head, body, bodyless }: Answer, attempt: Attempt, outcome: 'retried' | 'relayed' = 'retried'): void {
    const { exchange, info, trace } = this.#request;
    this.#phase = OVER;
    this.#body?.commit();
    const direct = exchange.respond(withoutExplanation(head), bodyless);
    const sink = bodyless || trace?.span === undefined ? direct : new FollowedResponse(direct, trace.span);
    const { decision, server } = attempt;
    this.#record({
      status: head.status,
      decision,
      server,
      unknownType: this.#healing?.record(outcome),
      auditId: auditIdOf(head),
    });
    if (bodyless) {
      this.#finished();
      return;
    }
    const { watches } = this.#context;
    const watched = info.verb === 'watch' && watches !== undefined ? watches.opened(exchange, head, sink) : sink;
    new ResponseRelay(exchange, { source: body, sink: watched, upstream: attempt, requestBody: this.#body });
  }

  /** Holds an answer back until its body says whether it is the client's, which most are. */
  #look(doubt: Doubt, answer: Answer, attempt: Attempt): void {
    const phase: Phase = { kind: 'held', attempt };
    this.#phase = phase;
    this.#body?.hold();
    if (answer.bodyless) {
      this.#judge(doubt, answer, attempt, NO_BYTES);
      return;
    }
    const body: PeekedBody = new PeekedBody(answer.body, DOUBT_LIMITS, (peeked) => {
      if (this.#phase === phase) {
        this.#judge(doubt, { ...answer, body }, attempt, peeked.kind === 'whole' ? peeked.bytes : undefined);
      }
    });
  }

  /** `bytes`: the whole body, if it is short. */
  #judge(doubt: Doubt, answer: Answer, attempt: Attempt, bytes: Uint8Array | undefined): void {
    if (bytes === undefined || !bearsOut(doubt, answer.head, bytes)) this.#relay(answer, attempt);
    else if (doubt === 'unknown-type') this.#heal(answer, attempt);
    else {
      const route = this.#attempts.afterDismissal(doubt, attempt.server, this.#replayable);
      if (route === undefined) this.#relay(answer, attempt);
      else this.#apply({ kind: 'again', route }, answer, attempt);
    }
  }

  #heal(answer: Answer, attempt: Attempt): void {
    const phase = this.#phase;
    const held = {
      isReplayable: () => this.#replayable,
      isGone: () => this.#phase !== phase,
    };
    this.#healing ??= new SelfHealing(this.#context, this.#request, this.#attempts);
    this.#healing
      .remedy(attempt.decision, attempt.server, held)
      .then((remedy) => {
        if (this.#phase === phase) this.#apply(remedy, answer, attempt);
      })
      .catch((error: unknown) => this.#refuse(error, attempt.decision));
  }

  #apply(remedy: Remedy, answer: Answer, attempt: Attempt): void {
    switch (remedy.kind) {
      case 'relay':
        this.#relay(answer, attempt, 'relayed');
        return;
      case 'again':
        this.start(remedy.route);
        break;
      case 'refuse':
        this.#refuse(remedy.error, attempt.decision);
    }
    attempt.reset('cancel');
  }

  /** The answer is whole. What still comes of the request is read away, so that its connection can serve the next. */
  #finished(): void {
    this.#phase = OVER;
    this.#forgetPatience();
    this.#body?.drain();
  }

  get #replayable(): boolean {
    return this.#body?.replayable ?? true;
  }

  /**
   * Who is refused permission gets the answer to the client's own words: its form depends on the fields we replaced. A server
   * that fails at the question has not refused it, and another one is asked.
   */
  #asAsked(status: number, server: string): Route | undefined {
    if (!this.#asking) return undefined;
    if (status >= 500) return this.#attempts.afterSilence(server);
    if (status !== 401 && status !== 403) return undefined;
    this.#asking = false;
    return this.#attempts.route();
  }

  #clientGone(reason: ResetReason): void {
    const phase = this.#phase;
    this.#phase = OVER;
    this.#forgetPatience();
    this.#body?.commit();
    if (phase.kind === 'idle' || phase.kind === 'over') return;
    phase.attempt.reset(reason);
    const { decision, server } = phase.attempt;
    this.#record({ status: 0, decision, server, unknownType: this.#healing?.record('abandoned') });
  }

  #record(outcome: Outcome): void {
    const { count: attempts, waited: upstreamMilliseconds } = this.#attempts;
    recordExchange(this.#context, this.#request, { ...outcome, attempts, upstreamMilliseconds });
  }
}
