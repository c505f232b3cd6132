import { ProxyError } from '../errors.ts';
import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { Decision } from './decision.ts';
import type { RoutableServer, RoutingSnapshot } from './snapshot.ts';

/** Servers that a message names; of hundreds that are away the first ones say enough. */
const MOST_NAMED = 5;

/**
 * The 503 for a decision that names no server: says what was asked for, which servers have it, and why none can answer.
 * Clients retry on it; a 404 here would make controllers delete what is only unreachable.
 */
export function unavailableError(
  request: RequestInfo,
  decision: Extract<Decision, { kind: 'unavailable' }>,
  snapshot: RoutingSnapshot,
): ProxyError {
  const servers = named(decision.servers.map((position) => snapshot.servers[position]));
  switch (decision.reason) {
    case 'CapableServersNotReady':
      return new ProxyError(
        'MVP_NO_CAPABLE_SERVER_READY',
        decision.maybe === true
          ? `${subject(request)} may be served by ${servers}, of which none is ready, and whose lists of its group-version were empty when they were read. Retry until one is back.`
          : `${subject(request)} is served by ${servers}, of which none is ready. It exists; retry until one is back.`,
      );
    case 'ServersNotSeen':
      return new ProxyError(
        'MVP_SERVERS_NOT_SEEN',
        `No server seen so far serves ${subject(request)}, but ${servers} has not been seen yet and may. Retry until it is back.`,
      );
    case 'NoServerReady':
      return new ProxyError(
        'MVP_NO_READY_SERVER',
        snapshot.servers.length === 0
          ? 'No API server is known yet. Retry until one is found.'
          : `No API server is ready: ${named(snapshot.servers)}. Retry until one is back.`,
      );
    case 'LocalServerNotReady':
      return new ProxyError(
        'MVP_LOCAL_SERVER_NOT_READY',
        `${servers}, the API server that this proxy belongs to, is not ready, and no other one may answer this here. Nothing was executed; retry, or ask another proxy. Look at the log of that server.`,
      );
    case 'NotServedHere':
      return notServedHere(request, servers, localName(snapshot));
  }
}

function named(servers: readonly (RoutableServer | undefined)[]): string {
  return shortened(
    servers.map((server) =>
      server === undefined ? 'unknown' : `${server.name} (${server.condition || 'failed this request'})`,
    ),
  );
}

function shortened(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED);
  if (names.length > MOST_NAMED) shown.push(`${names.length - MOST_NAMED} more`);
  return shown.join(', ');
}

function localName({ local, servers }: RoutingSnapshot): string {
  return (local === undefined ? undefined : servers[local]?.name) ?? 'the local server';
}

/** The 503 for a request that another proxy sent to `server`, which says that it is unknown while `others` list it. */
export function notServedHereError(request: RequestInfo, others: readonly string[], server: string): ProxyError {
  return notServedHere(request, shortened(others), server);
}

function notServedHere(request: RequestInfo, servers: string, server: string): ProxyError {
  return new ProxyError(
    'MVP_NOT_SERVED_HERE',
    `${subject(request)} is served by ${servers}, not by ${server}, the API server that this proxy belongs to. Another proxy sent the request here, so that it is not sent on. Nothing was executed; retry: what the proxies know of the servers agrees within seconds.`,
  );
}

/**
 * The 503 for a request that `denying` servers answered as if its type was unknown, while discovery lists it. Whoever is
 * right, they did not execute it.
 */
export function tablesDisagreeError(request: RequestInfo, denying: readonly string[]): ProxyError {
  return new ProxyError(
    'MVP_TABLES_DISAGREE',
    `${denying.join(', ')} answered that ${subject(request)} is unknown, but discovery lists it. Nothing was executed; retry until the servers agree.`,
  );
}

/** The 503 for a type that is declared and that no server serves yet. */
export function typeSettlingError(request: RequestInfo): ProxyError {
  return new ProxyError(
    'MVP_TYPE_SETTLING',
    `${subject(request)} was declared a moment ago and no server serves it yet. Nothing was executed; retry.`,
  );
}

/** What a request is about, for messages: `csinodes/status.v1.storage.k8s.io`, or its path. */
export function subject(request: RequestInfo): string {
  if (!request.isResourceRequest) return request.path;
  const resource = request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`;
  return `${resource}.${request.apiVersion}${request.apiGroup === '' ? '' : `.${request.apiGroup}`}`;
}
