import { unavailableError } from '../routing/unavailable.ts';
import type { RequestHead, UpgradeOffer } from '../wire/exchange.ts';
import { fieldValue } from '../wire/fields.ts';
import { discard, relay, splice } from '../wire/relay.ts';
import type { UpgradeAnswer } from '../wire/upstream.ts';
import { Attempts } from './attempts.ts';
import { failureError } from './failure-error.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { destination, type ProxySnapshot } from './proxy-snapshot.ts';
import { type Outcome, recordOf } from './record-of.ts';
import { refuse } from './refusal.ts';
import type { Forward, Route } from './route.ts';
import { upstreamFor } from './trust-class.ts';
import { upstreamHead } from './upstream-head.ts';

/**
 * Carries a request that switches protocols (SPDY, WebSocket) over an HTTP/1.1 socket of its own. The identity travels
 * as on every other request; the native feature loses it here (upstream UP-2).
 */
export class Upgrade {
  readonly #context: ProxyContext;
  readonly #request: PreparedRequest;
  readonly #offer: UpgradeOffer;
  readonly #attempts: Attempts;
  readonly #gone = new AbortController();

  constructor(context: ProxyContext, request: PreparedRequest, offer: UpgradeOffer) {
    this.#context = context;
    this.#request = request;
    this.#offer = offer;
    this.#attempts = new Attempts(context, request);
    request.exchange.onAbort = () => this.#gone.abort();
  }

  /** Sends the request where `decision` says. The exchange is answered in any case; nothing is thrown. */
  start({ decision, snapshot }: Route): void {
    if (this.#gone.signal.aborted) return;
    const fail = (error: unknown): void =>
      refuse(this.#context, this.#request, error, { decision, attempts: this.#attempts.count });
    if (decision.kind === 'unavailable') fail(unavailableError(this.#request.info, decision, snapshot));
    else this.#send(decision, snapshot).catch(fail);
  }

  async #send(decision: Forward, snapshot: ProxySnapshot): Promise<void> {
    const { exchange, fields, credential, client, info } = this.#request;
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
    this.#attempts.begin();
    const answer = await upstream.upgrade(withUpgrade(head, this.#offer), this.#gone.signal);
    if (this.#gone.signal.aborted) {
      if (answer.kind === 'switched') answer.tunnel.sink.reset('cancel');
      this.#record({ decision, server: server.name, status: 0 });
      return;
    }
    if (answer.kind !== 'failed') {
      this.#record({ decision, server: server.name, status: answer.head.status });
      this.#hand(answer);
      return;
    }
    const next = this.#attempts.after(answer.failure, server.name, true);
    if (next === undefined) throw failureError(answer.failure, server.name, info, this.#attempts.isRead);
    this.start(next);
  }

  #hand(answer: Exclude<UpgradeAnswer, { kind: 'failed' }>): void {
    if (answer.kind === 'switched') {
      splice(this.#offer.switchProtocols(answer.head), answer.tunnel, () => {});
      return;
    }
    // The refusal goes back as it is, so that clients fall back from WebSocket to SPDY as they do without us.
    const bodyless = fieldValue(answer.head.fields, 'content-length') === '0';
    const sink = this.#request.exchange.respond(answer.head, bodyless);
    // Its connection ends only once the body was read, and be it empty.
    if (bodyless) discard(answer.body);
    else relay(answer.body, sink);
  }

  #record(outcome: Outcome): void {
    const record = recordOf(this.#request, { ...outcome, attempts: this.#attempts.count }, this.#context.clock());
    this.#context.observer.answered(record);
  }
}

/** Cleaning took the hop-by-hop fields; this hop asks for the same switch itself. */
function withUpgrade(head: RequestHead, offer: UpgradeOffer): RequestHead {
  return { ...head, fields: [...head.fields, 'connection', 'Upgrade', 'upgrade', offer.protocol] };
}
