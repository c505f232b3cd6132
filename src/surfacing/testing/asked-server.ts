import { discoveryContent, encodeDiscovery } from '../../discovery/representation.ts';
import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import { apiVersionsDocument, unaggregatedDocuments } from '../../discovery/unaggregated-documents.ts';
import { discoveryContentType } from '../../kubernetes/aggregated-discovery.ts';
import { parseServerVersion } from '../../kubernetes/kube-version.ts';
import { FetchError } from '../../wire/fetch.ts';
import type { UpstreamFailure } from '../../wire/upstream.ts';
import type { KnownServer } from '../server-evidence.ts';
import type { NamedObject } from './cluster-objects.ts';

export interface AskedServer extends Partial<Omit<KnownServer, 'version' | 'ask'>> {
  readonly name: string;
  readonly version: string;
  /** What it serves now; also what the proxy has read, unless `tables` says otherwise. */
  readonly serves: ServerDiscovery;
  /** CustomResourceDefinitions, as objects. */
  readonly definitions?: readonly NamedObject[];
  /** APIService objects. */
  readonly apiServices?: readonly object[];
  /** Offers aggregated v2beta1, too. */
  readonly beta?: boolean;
  /** What happens instead of an answer: a status, or a failure. */
  readonly refuses?: (path: string) => number | Partial<UpstreamFailure> | undefined;
  /** Group-versions that its unaggregated root and group documents lack. */
  readonly unregistered?: readonly string[];
}

/** A server that answers what a test says, without a connection. */
export function askedServer(options: AskedServer): KnownServer {
  const { name, version, serves } = options;
  return {
    name,
    version: parseServerVersion(version),
    state: options.state ?? 'ready',
    condition: options.condition ?? '',
    discoveryFailure: options.discoveryFailure ?? '',
    discoveryAgeSeconds: options.discoveryAgeSeconds ?? 1.5,
    tables: 'tables' in options ? options.tables : serves,
    async ask(target, accept) {
      const refusal = options.refuses?.(target.split('?', 1)[0] ?? '');
      if (typeof refusal === 'number') return response(refusal, 'no');
      if (refusal !== undefined) throw new FetchError({ ...SILENT, ...refusal });
      return answer(options, target, accept);
    },
  };
}

const SILENT: UpstreamFailure = {
  processed: 'unknown',
  reason: 'timeout',
  cause: 'reset',
  message: 'not answered in 3 s',
};
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';

function answer(
  { serves, beta, definitions = [], apiServices = [], unregistered = [] }: AskedServer,
  target: string,
  accept: string,
) {
  if (target === '/api' || target === '/apis') {
    const groups = serves[target === '/api' ? 'api' : 'apis'];
    for (const version of ['v2', ...(beta ? (['v2beta1'] as const) : [])] as const) {
      if (!accept.includes(`v=${version};`)) continue;
      return response(200, encodeDiscovery(discoveryContent(groups), version), discoveryContentType(version));
    }
    if (accept.includes('APIGroupDiscoveryList')) return response(406, 'no');
  }
  if (target === `${DEFINITIONS}?includeObject=None` && accept.includes('as=Table;')) {
    return json({ kind: 'Table', rows: definitions.map(({ metadata: { name } }) => ({ cells: [name, 'today'] })) });
  }
  if (target.startsWith(`${DEFINITIONS}?`)) {
    const wanted = decodeURIComponent(target.split('metadata.name%3D')[1] ?? '');
    return json({ items: definitions.filter((each) => JSON.stringify(each).includes(`"name":"${wanted}"`)) });
  }
  if (target === API_SERVICES) return json({ items: apiServices });
  if (target === '/openapi/v3')
    return json({ paths: Object.fromEntries(openAPIPaths(serves).map((path) => [path, {}])) });
  if (target === '/api') return json(apiVersionsDocument(serves.api, undefined)());
  const registered = (root: '/api' | '/apis') =>
    serves[root === '/api' ? 'api' : 'apis'].filter(({ metadata }) => !unregistered.includes(metadata.name));
  const isVersion = target.split('/').length > 3;
  const root = target.startsWith('/apis') ? '/apis' : '/api';
  const groups = isVersion ? serves[root === '/api' ? 'api' : 'apis'] : registered(root);
  const document = unaggregatedDocuments(root, groups).get(target);
  return document === undefined ? response(404, '404 page not found') : json(document());
}

/** A group-version whose extension server is down has no description. */
export function openAPIPaths({ api, apis }: ServerDiscovery): string[] {
  return [...api, ...apis].flatMap(({ metadata: { name }, versions = [] }) =>
    versions.flatMap(({ version, freshness }) => {
      if (freshness === 'Stale') return [];
      return [name === '' ? `api/${version}` : `apis/${name}/${version}`];
    }),
  );
}

function json(value: unknown) {
  return response(200, JSON.stringify(value));
}

function response(status: number, body: string | Uint8Array, contentType = 'application/json') {
  return { status, fields: ['content-type', contentType], body: Buffer.from(body) };
}
