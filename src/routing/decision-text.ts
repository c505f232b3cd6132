import type { ProxyError } from '../errors.ts';
import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { Decision, ForwardReason } from './decision.ts';
import type { RoutingSnapshot } from './snapshot.ts';
import { unavailableError } from './unavailable.ts';

/** A decision for people: who answers, why, and what a client gets. */
export interface DecisionText {
  readonly text: string;
  /** What the proxy itself answers with; undefined: what the server answers is passed on. */
  readonly answer: ProxyError | undefined;
}

const WHY: Readonly<Record<ForwardReason, string>> = {
  PreferredCapable: 'it is the preferred server and serves it',
  PeerServesResource: 'the preferred server does not serve it',
  PeerServesSubresourceOrVerb: 'the preferred server knows the resource, but not this subresource or verb',
  PreferredNotReady: 'the preferred server serves it, but gets no requests now',
  StaleGroupVersion:
    'the group-version is Stale (its extension server did not answer), so that nobody knows what it has',
  NobodyCapable: 'no server serves it, so that its answer (404, or 405 for a verb) is genuine',
  NonResource: 'it is the preferred server, and the path names no resource',
  PeerListsGroup: 'the preferred server does not list this group or version',
  NobodyLists: 'no server lists this, so that its 404 is genuine',
  NewestOpenAPI: 'OpenAPI documents come from the newest server that has them',
  AlreadyProxied: 'a trusted peer has routed the request here already',
  ServerLocalView:
    'requests are not moved between servers: peer traffic cannot be authenticated without --peer-ca-file and a proxy client certificate',
};

export function decisionText(decision: Decision, request: RequestInfo, snapshot: RoutingSnapshot): DecisionText {
  if (decision.kind === 'unavailable') {
    const answer = unavailableError(request, decision, snapshot);
    const retry = answer.retryAfterSeconds === undefined ? '' : ', with Retry-After,';
    return { text: `The proxy answers ${answer.status}${retry} itself: ${answer.message}`, answer };
  }
  const name = snapshot.servers[decision.server]?.name ?? `server ${decision.server}`;
  return { text: `${name} answers: ${WHY[decision.reason]}.`, answer: undefined };
}
