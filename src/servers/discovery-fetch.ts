import { type ServerDiscovery, serverDiscovery } from '../discovery/server-discovery.ts';
import { parseAggregatedDiscovery } from '../kubernetes/aggregated-discovery.ts';
import type { DiscoveryCondition, DiscoveryRoot } from '../proxy/proxy-snapshot.ts';
import { type FetchedResponse, fetchFrom } from '../wire/fetch.ts';
import { fieldValue } from '../wire/fields.ts';
import { DiscoveryFetchError } from './discovery-fetch-error.ts';
import type { DiscoveryFetchOptions } from './discovery-fetch-options.ts';
import { walkLegacyDiscovery } from './legacy-walk.ts';

/** One server's API metadata as last read, with what is needed to ask only for changes. */
export interface FetchedDiscovery {
  readonly discovery: ServerDiscovery;
  readonly shape: 'v2' | 'v2beta1' | 'legacy';
  readonly conditions: Readonly<Record<DiscoveryRoot, DiscoveryCondition | undefined>>;
}

const AGGREGATED = 'g=apidiscovery.k8s.io;v=%;as=APIGroupDiscoveryList';
const V2 = AGGREGATED.replace('%', 'v2');
const V2_BETA_1 = AGGREGATED.replace('%', 'v2beta1');

/**
 * Every shape in order of worth. `profile=nopeer` comes first because a server whose own mixed version proxy is on would
 * otherwise list what its peers serve, and two mergers would feed each other.
 */
const ACCEPT = [
  `application/json;${V2};profile=nopeer`,
  `application/json;${V2}`,
  `application/json;${V2_BETA_1}`,
  'application/json',
].join(',');

/**
 * Reads `/api` and `/apis` of one server as one unit, conditionally. Returns `previous` itself when nothing changed.
 * Servers without aggregated discovery (before 1.26) are read document by document.
 * Rejects, leaving the caller its last good document, when either root fails.
 */
export async function fetchDiscovery(
  options: DiscoveryFetchOptions,
  previous: FetchedDiscovery | undefined,
): Promise<FetchedDiscovery> {
  const [api, apis] = await Promise.all([
    fetchRoot(options, '/api', previous?.conditions['/api']),
    fetchRoot(options, '/apis', previous?.conditions['/apis']),
  ]);
  if (previous !== undefined && api.status === 304 && apis.status === 304) return previous;
  const apiShape = shapeOf(api, previous);
  const apisShape = shapeOf(apis, previous);
  if (apiShape === 'legacy' || apisShape === 'legacy') {
    const discovery = await walkLegacyDiscovery(options, previous?.discovery);
    return { discovery, shape: 'legacy', conditions: { '/api': undefined, '/apis': undefined } };
  }
  const groups = (response: FetchedResponse, root: 'api' | 'apis') =>
    response.status === 304 && previous !== undefined
      ? previous.discovery[root]
      : parseAggregatedDiscovery(json(response)).items;
  return {
    discovery: serverDiscovery(groups(api, 'api'), groups(apis, 'apis')),
    shape: apisShape,
    conditions: {
      '/api': api.status === 304 ? previous?.conditions['/api'] : conditionOf(api),
      '/apis': apis.status === 304 ? previous?.conditions['/apis'] : conditionOf(apis),
    },
  };
}

async function fetchRoot(
  { upstream, fields, timeoutMs, maxBytes }: DiscoveryFetchOptions,
  target: DiscoveryRoot,
  condition: DiscoveryCondition | undefined,
): Promise<FetchedResponse> {
  const conditional = condition === undefined ? [] : ['if-none-match', condition.etag];
  const response = await fetchFrom(upstream, {
    method: 'GET',
    target,
    fields: [...fields, 'accept', ACCEPT, ...conditional],
    timeoutMs,
    maxBytes,
  });
  if (response.status === 200 || (response.status === 304 && condition !== undefined)) return response;
  const { status } = response;
  throw new DiscoveryFetchError(`GET ${target} was answered ${status}${hint(status)}`, { status });
}

function hint(status: number): string {
  if (status === 401) return ': the server does not trust our front-proxy certificate (--requestheader-client-ca-file)';
  if (status === 403) return ': RBAC does not let our user read discovery (ClusterRole system:discovery)';
  return '';
}

function shapeOf(response: FetchedResponse, previous: FetchedDiscovery | undefined): FetchedDiscovery['shape'] {
  if (response.status === 304 && previous !== undefined) return previous.shape;
  const type = fieldValue(response.fields, 'content-type') ?? '';
  if (type.includes(V2_BETA_1)) return 'v2beta1';
  return type.includes(V2) ? 'v2' : 'legacy';
}

function conditionOf(response: FetchedResponse): DiscoveryCondition | undefined {
  const etag = fieldValue(response.fields, 'etag');
  return etag === undefined ? undefined : { accept: ACCEPT, etag };
}

function json(response: FetchedResponse): unknown {
  try {
    return JSON.parse(response.body.toString('utf8'));
  } catch (error) {
    throw new DiscoveryFetchError('the document is not JSON', { cause: error });
  }
}
