import type { Decision } from '../routing/decision.ts';
import { isSafeToRetry } from '../routing/retry.ts';
import { unavailableError } from '../routing/unavailable.ts';
import type { RequestHead, UpgradeOffer } from '../wire/exchange.ts';
import { fieldValue } from '../wire/fields.ts';
import { relay, splice } from '../wire/relay.ts';
import type { UpgradeAnswer } from '../wire/upstream.ts';
import { failureError } from './forwarding.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { destination } from './proxy-snapshot.ts';
import { drawsOnBudget } from './retry-cost.ts';
import { route } from './route.ts';
import { upstreamFor } from './trust-class.ts';
import { upstreamHead } from './upstream-head.ts';

/**
 * Carries a request that switches protocols (SPDY, WebSocket) over an HTTP/1.1 socket of its own. The identity travels
 * as on every other request; the native feature loses it here (upstream UP-2). Rejects with a ProxyError when no server
 * could be asked.
 */
export async function switchProtocols(
  context: ProxyContext,
  request: PreparedRequest,
  offer: UpgradeOffer,
): Promise<void> {
  const gone = new AbortController();
  request.exchange.onAbort = () => gone.abort();
  context.retries.deposit();
  const tried = new Set<string>();
  for (let attempts = 1; ; attempts++) {
    const { decision, snapshot } = route(context.control, { ...request, tried }, context.clock());
    if (decision.kind === 'unavailable') throw unavailableError(request.info, decision, snapshot);
    const { backend, server } = destination(snapshot, decision);
    const head = upstreamHead({
      head: request.exchange.head,
      fields: request.fields,
      credential: request.credential,
      clientAddress: request.exchange.connection.remoteAddress,
      server,
      final: decision.final,
    });
    const upstream = upstreamFor(backend, request.credential, request.client);
    const answer = await upstream.upgrade(withUpgrade(head, offer), gone.signal);
    if (gone.signal.aborted) {
      abandon(answer);
      return;
    }
    if (answer.kind !== 'failed') {
      record(context, request, decision, server.name, answer.head.status, attempts);
      hand(request, offer, answer);
      return;
    }
    const { method } = request.exchange.head;
    tried.add(server.name);
    const again = isSafeToRetry({ method, processed: answer.failure.processed, replayable: true });
    if (!again || !hasNext(context, request, tried) || (drawsOnBudget(answer.failure) && !context.retries.withdraw())) {
      throw failureError(answer.failure, server.name, request);
    }
    context.observer.retried(answer.failure.cause);
  }
}

function hasNext(context: ProxyContext, request: PreparedRequest, tried: ReadonlySet<string>): boolean {
  return route(context.control, { ...request, tried }, context.clock()).decision.kind === 'forward';
}

/** Cleaning took the hop-by-hop fields; this hop asks for the same switch itself. */
function withUpgrade(head: RequestHead, offer: UpgradeOffer): RequestHead {
  return { ...head, fields: [...head.fields, 'connection', 'Upgrade', 'upgrade', offer.protocol] };
}

function hand(
  { exchange }: PreparedRequest,
  offer: UpgradeOffer,
  answer: Exclude<UpgradeAnswer, { kind: 'failed' }>,
): void {
  if (answer.kind === 'switched') {
    splice(offer.switchProtocols(answer.head), answer.tunnel, () => {});
    return;
  }
  // The refusal goes back as it is, so that clients fall back from WebSocket to SPDY as they do without us.
  const bodyless = fieldValue(answer.head.fields, 'content-length') === '0';
  const sink = exchange.respond(answer.head, bodyless);
  if (!bodyless) relay(answer.body, sink);
}

function abandon(answer: UpgradeAnswer): void {
  if (answer.kind === 'switched') answer.tunnel.sink.reset('cancel');
}

function record(
  context: ProxyContext,
  { exchange, info, startedAt }: PreparedRequest,
  decision: Decision,
  server: string,
  status: number,
  attempts: number,
): void {
  context.observer.answered({
    method: exchange.head.method,
    info,
    decision,
    server,
    status,
    error: undefined,
    attempts,
    milliseconds: context.clock() - startedAt,
  });
}
