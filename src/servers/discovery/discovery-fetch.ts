import { type ServerDiscovery, serverDiscovery } from '../../discovery/server-discovery.ts';
import type { APIGroupDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import type { DiscoveryCondition, DiscoveryRoot } from '../../proxy/proxy-snapshot.ts';
import { type FetchedResponse, fetchFrom } from '../../wire/fetch.ts';
import { fieldValue } from '../../wire/fields.ts';
import { DiscoveryFetchError } from './discovery-fetch-error.ts';
import type { DiscoveryFetchOptions } from './discovery-fetch-options.ts';
import { withKeptResources } from './kept-resources.ts';
import { walkLegacyDiscovery } from './legacy-walk.ts';
import { readGroups } from './read-document.ts';
import { sharedDiscovery } from './shared-discovery.ts';

/** One server's API metadata as last read, with what is needed to ask only for changes. */
export interface FetchedDiscovery {
  readonly discovery: ServerDiscovery;
  readonly shape: 'v2' | 'v2beta1' | 'legacy';
  readonly conditions: Readonly<Record<DiscoveryRoot, DiscoveryCondition | undefined>>;
  /** Why a part, which is Stale for that, could not be read; undefined when all was. */
  readonly problem: DiscoveryFetchError | undefined;
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
 * Servers without aggregated discovery (before 1.26) are read document by document. Resources of a version that is Stale
 * and lists none stay those of `previous`.
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
  if (apiShape === 'legacy' || apisShape === 'legacy') return walk(options, previous);
  const groups = (response: FetchedResponse, target: DiscoveryRoot): Promise<readonly APIGroupDiscovery[]> =>
    response.status === 304 && previous !== undefined
      ? Promise.resolve(previous.discovery[target === '/api' ? 'api' : 'apis'])
      : readGroups(target, response, options);
  const [apiGroups, apisGroups] = await Promise.all([groups(api, '/api'), groups(apis, '/apis')]);
  return {
    discovery: sharedDiscovery(withKeptResources({ api: apiGroups, apis: apisGroups }, previous?.discovery)),
    shape: apisShape,
    conditions: {
      '/api': api.status === 304 ? previous?.conditions['/api'] : conditionOf(api),
      '/apis': apis.status === 304 ? previous?.conditions['/apis'] : conditionOf(apis),
    },
    problem: undefined,
  };
}

async function walk(options: DiscoveryFetchOptions, previous: FetchedDiscovery | undefined): Promise<FetchedDiscovery> {
  const { api, apis, problem } = await walkLegacyDiscovery(options, previous?.discovery);
  const read = withKeptResources(serverDiscovery(api, apis), previous?.discovery);
  // There is no ETag to tell that nothing changed, and whoever builds on the document builds again for another one.
  const isSame = previous !== undefined && JSON.stringify(read) === JSON.stringify(previous.discovery);
  const discovery = isSame ? previous.discovery : read;
  return { discovery, shape: 'legacy', conditions: { '/api': undefined, '/apis': undefined }, problem };
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
    fields: [...fields, 'accept', ACCEPT, 'accept-encoding', 'gzip', ...conditional],
    timeoutMs,
    maxBytes,
  });
  if (response.status === 200 || (response.status === 304 && condition !== undefined)) return response;
  throw DiscoveryFetchError.ofStatus(target, response.status);
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
