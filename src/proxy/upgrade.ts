import type { ResponseEnding } from '../observe/tracing/exchange-span.ts';
import type { Decision } from '../routing/decision.ts';
import { unavailableError } from '../routing/unavailable.ts';
import type { RequestHead, Tunnel, UpgradeOffer } from '../wire/exchange.ts';
import { fieldValue } from '../wire/fields.ts';
import { PeekedBody } from '../wire/peeked-body.ts';
import { discard, splice } from '../wire/relay.ts';
import type { UpgradeAnswer, UpstreamFailure } from '../wire/upstream.ts';
import { Attempts } from './attempts.ts';
import { bearsOut, DOUBT_LIMITS, type Doubt, doubtAbout } from './doubtful-answer.ts';
import { withoutExplanation } from './explain-header.ts';
import { failureError } from './failure-error.ts';
import { FollowedResponse } from './followed-response.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { destination } from './proxy-snapshot.ts';
import { auditIdOf, type Outcome, recordExchange } from './record-of.ts';
import { refuse } from './refusal.ts';
import { ResponseRelay } from './response-relay.ts';
import type { Forward, Route } from './route.ts';
import { type Remedy, SelfHealing } from './self-healing.ts';
import { upstreamFor } from './trust-class.ts';
import { upstreamHead } from './upstream-head.ts';

type Refused = Extract<UpgradeAnswer, { kind: 'refused' }>;

/**
 * Carries a request that switches protocols (SPDY, WebSocket) over an HTTP/1.1 socket of its own. The identity travels
 * as on every other request; the native feature loses it here (upstream UP-2).
 */
export class Upgrade {
  readonly #context: ProxyContext;
  readonly #request: PreparedRequest;
  readonly #offer: UpgradeOffer;
  readonly #attempts: Attempts;
  /** From the first answer on that says the type is unknown. */
  #healing: SelfHealing | undefined;
  readonly #gone = new AbortController();

  constructor(context: ProxyContext, request: PreparedRequest, offer: UpgradeOffer) {
    this.#context = context;
    this.#request = request;
    this.#offer = offer;
    this.#attempts = new Attempts(context, request);
    request.exchange.onAbort = () => this.#gone.abort();
  }

  /** Sends the request where `decision` says. The exchange is answered in any case; nothing is thrown. */
  start(route: Route): void {
    const { decision, snapshot } = route;
    if (this.#gone.signal.aborted) {
      this.#record({ decision, status: 0 });
      return;
    }
    this.#request.explanation?.routed(route, this.#request.info);
    if (decision.kind === 'unavailable') {
      this.#refuse(unavailableError(this.#request.info, decision, snapshot), decision);
    } else this.#send(decision, route).catch((error: unknown) => this.#refuse(error, decision));
  }

  #refuse(error: unknown, decision: Decision): void {
    const unknownType = this.#healing?.record('unavailable');
    refuse(this.#context, this.#request, error, { decision, attempts: this.#attempts.count, unknownType });
  }

  async #send(decision: Forward, { snapshot, decidedAt }: Route): Promise<void> {
    const { exchange, fields, credential, client } = this.#request;
    const { backend, server } = destination(snapshot, decision);
    const upstream = upstreamFor(backend, credential, client);
    const head = upstreamHead({
      head: exchange.head,
      fields,
      credential,
      clientAddress: exchange.connection.remoteAddress,
      server,
      final: decision.final,
    });
    this.#attempts.begin(decidedAt);
    this.#attempts.sent();
    const answer = await upstream.upgrade(withUpgrade(head, this.#offer), this.#gone.signal);
    this.#attempts.heard();
    if (this.#gone.signal.aborted) {
      if (answer.kind === 'switched') answer.tunnel.sink.reset('cancel');
      this.#record({ decision, server: server.name, status: 0, unknownType: this.#healing?.record('abandoned') });
      return;
    }
    if (answer.kind === 'switched') this.#hand(answer, decision, server.name);
    else if (answer.kind === 'refused') await this.#refused(answer, decision, server.name);
    else this.#failed(answer.failure, decision, server.name);
  }

  #failed(reported: UpstreamFailure, decision: Forward, server: string): void {
    const failure = this.#attempts.noted(reported, true);
    const next = this.#attempts.after(failure, server, true);
    if (next !== undefined) this.start(next);
    else this.#refuse(failureError(failure, server, this.#request.info, this.#attempts), decision);
  }

  /** Before a server has switched, another one can still be asked, as for any request. */
  async #refused(answer: Refused, decision: Forward, server: string): Promise<void> {
    const next = this.#attempts.afterAnswer(answer.head, server, true);
    if (next !== undefined) {
      discard(answer.body);
      this.start(next);
      return;
    }
    const doubt = doubtAbout(answer.head, decision, this.#request);
    const looked = doubt === undefined ? { answer, doubt } : await look(answer, doubt);
    const remedy = looked.doubt === undefined ? undefined : await this.#remedy(looked.doubt, decision, server);
    if (this.#gone.signal.aborted) {
      this.#record({ decision, server, status: 0, unknownType: this.#healing?.record('abandoned') });
    } else if (remedy?.kind === 'again') this.start(remedy.route);
    else if (remedy?.kind === 'refuse') this.#refuse(remedy.error, decision);
    else this.#hand(looked.answer, decision, server, looked.doubt === 'unknown-type' ? 'relayed' : 'retried');
  }

  async #remedy(doubt: Doubt, decision: Forward, server: string): Promise<Remedy> {
    if (doubt !== 'unknown-type') {
      const route = this.#attempts.afterDismissal(doubt, server, true);
      return route === undefined ? { kind: 'relay' } : { kind: 'again', route };
    }
    const held = { isReplayable: () => true, isGone: () => this.#gone.signal.aborted };
    this.#healing ??= new SelfHealing(this.#context, this.#request, this.#attempts);
    return this.#healing.remedy(decision, server, held);
  }

  #hand(
    answer: Exclude<UpgradeAnswer, { kind: 'failed' }>,
    decision: Forward,
    server: string,
    outcome: 'retried' | 'relayed' = 'retried',
  ): void {
    const { exchange, trace } = this.#request;
    const span = trace?.span;
    const head = withoutExplanation(answer.head);
    const unknownType = this.#healing?.record(outcome);
    const came: Outcome = { decision, server, status: head.status, unknownType, auditId: auditIdOf(head) };
    if (answer.kind === 'switched') {
      span?.hold();
      this.#record(came);
      const client = this.#offer.switchProtocols(head);
      splice(client, answer.tunnel, (_reason, broken) => span?.end(endingOf(broken, client)));
      return;
    }
    // The refusal goes back as it is, so that clients fall back from WebSocket to SPDY as they do without us.
    const bodyless = fieldValue(head.fields, 'content-length') === '0';
    const direct = exchange.respond(head, bodyless);
    const sink = bodyless || span === undefined ? direct : new FollowedResponse(direct, span);
    this.#record(came);
    // Its connection ends only once the body was read, and be it empty.
    if (bodyless) discard(answer.body);
    else {
      const upstream = { reset: () => this.#gone.abort() };
      new ResponseRelay(exchange, { source: answer.body, sink, upstream, requestBody: undefined });
    }
  }

  #record(outcome: Outcome): void {
    const { count: attempts, waited: upstreamMilliseconds } = this.#attempts;
    recordExchange(this.#context, this.#request, { ...outcome, attempts, upstreamMilliseconds });
  }
}

/** Commands, shells and forwarded ports mostly end by their client's leaving, which is no fault of anybody. */
function endingOf(broken: Tunnel | undefined, client: Tunnel): ResponseEnding {
  if (broken === undefined) return 'complete';
  return broken === client ? 'client-left' : 'broken';
}

/** Finds out whether a refusal says what it is suspected of; its body can be read afterwards as before. */
function look(
  { kind, head, body }: Refused,
  doubt: Doubt,
): Promise<{ readonly answer: Refused; readonly doubt: Doubt | undefined }> {
  return new Promise((resolve) => {
    const peekedBody: PeekedBody = new PeekedBody(body, DOUBT_LIMITS, (peeked) => {
      const isRight = peeked.kind === 'whole' && bearsOut(doubt, head, peeked.bytes);
      resolve({ answer: { kind, head, body: peekedBody }, doubt: isRight ? doubt : undefined });
    });
  });
}

/** Cleaning took the hop-by-hop fields; this hop asks for the same switch itself. */
function withUpgrade(head: RequestHead, offer: UpgradeOffer): RequestHead {
  return { ...head, fields: [...head.fields, 'connection', 'Upgrade', 'upgrade', offer.protocol] };
}
