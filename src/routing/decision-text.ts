import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { Decision, ForwardReason } from './decision.ts';
import type { RoutingSnapshot } from './snapshot.ts';
import { unavailableError } from './unavailable.ts';

const WHY: Readonly<Record<ForwardReason, string>> = {
  PreferredCapable: 'it serves this',
  PeerServesResource: 'the preferred server does not serve this',
  PeerServesSubresourceOrVerb: 'the preferred server knows the resource, but not this subresource or verb',
  PreferredNotReady: 'the preferred server serves this, but gets no requests now',
  WritesNewest: 'it is of the newest version that serves this, and writes go there (routing.writes)',
  WritesOldest: 'it is of the oldest version that serves this, and writes go there (routing.writes)',
  StaleGroupVersion: 'the group-version is Stale, so that nobody knows what its extension server has',
  NobodyCapable: 'no server serves this, so that its answer is genuine',
  NonResource: 'the path names no resource',
  LocalNotReady: 'the path names no resource, and the local server gets no requests now',
  PeerListsGroup: 'the preferred server does not list this group or version',
  NobodyLists: 'no server lists this, so that its 404 is genuine',
  NewestOpenAPI: 'OpenAPI documents come from the newest server that has them',
  AlreadyProxied: 'a trusted peer has routed the request here already',
  ServerLocalView:
    'requests are not moved between servers, because peer traffic cannot be authenticated without --peer-ca-file and a proxy client certificate',
};

/** Who answers, for people; `preferred`: how to call the server if it is the preferred one. */
export function decisionText(
  decision: Decision,
  request: RequestInfo,
  snapshot: RoutingSnapshot,
  preferred: { readonly position: number | undefined; readonly name: string },
): string {
  if (decision.kind === 'unavailable') {
    const { status, retryAfterSeconds, message } = unavailableError(request, decision, snapshot);
    const retry = retryAfterSeconds === undefined ? '' : ' with Retry-After';
    return `The proxy answers ${status}${retry}: ${message}`;
  }
  const isPreferred = decision.server === preferred.position;
  const name = isPreferred ? preferred.name : (snapshot.servers[decision.server]?.name ?? `server ${decision.server}`);
  const genuine = decision.reason === 'NobodyCapable' ? ` ${genuineAnswer(request, snapshot)}` : '';
  return `${name} answers${genuine}: ${WHY[decision.reason]}.`;
}

/** kube-apiserver knows the type and refuses the verb, or knows neither. */
function genuineAnswer(request: RequestInfo, { table }: RoutingSnapshot): string {
  const { apiGroup, apiVersion, resource, subresource, verb } = request;
  const found = table.lookup(apiGroup, apiVersion, resource, subresource, verb);
  return found.kind === 'incapable' && found.lacks === 'verb' ? '405' : '404';
}
