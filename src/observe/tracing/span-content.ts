import type { RequestInfo } from '../../kubernetes/request-info.ts';
import { type ExchangeRecord, hasKnownType } from '../exchange-record.ts';
import type { FinishedSpan } from './exchange-span.ts';

export type SpanAttributes = Readonly<Record<string, string | number | readonly string[]>>;

/** What a span says, in OpenTelemetry's terms but without its types. */
export interface SpanContent {
  readonly name: string;
  readonly attributes: SpanAttributes;
  /** `at`: epoch milliseconds. */
  readonly events: readonly { readonly name: string; readonly at: number; readonly attributes: SpanAttributes }[];
  readonly isError: boolean;
}

/** Methods that have a name of their own in the semantic conventions; others are `_OTHER`, so that clients cannot invent any. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

/** Roots of kube-apiserver below which paths name nothing but metadata. What else clients ask for may be anything. */
const KNOWN_ROOTS = new Set([
  '.well-known',
  'api',
  'apis',
  'healthz',
  'livez',
  'metrics',
  'openapi',
  'openid',
  'readyz',
  'version',
]);
const MOST_PATH = 200;
/** In the route of a type that no server lists, which clients choose. Peers send here what this server lists. */
const MADE_UP = { apiGroup: '{group}', apiVersion: '{version}', resource: '{resource}' };

/**
 * The name, attributes and events of a span: HTTP's semantic conventions, and `mvproxy.*` for what only the proxy knows. No
 * query, no header, no name of a Secret, and nothing of a path behind what Kubernetes reads of it.
 */
export function spanContent(span: FinishedSpan): SpanContent {
  const { record, protocol, clientAddress, retries, headAt, ending } = span;
  const { method, info, status, error, attempts, client, server, unknownType } = record;
  const route = info === undefined ? undefined : routeOf(record, info);
  const isError = status >= 500 || ending === 'broken';
  const known = METHODS.has(method);
  const attributes = given({
    'http.request.method': known ? method : '_OTHER',
    'http.route': route,
    'url.scheme': 'https',
    'url.path': info === undefined ? undefined : pathOf(info),
    'http.response.status_code': status === 0 ? undefined : status,
    'error.type': isError ? (error ?? (status >= 500 ? String(status) : 'response_broken')) : undefined,
    'network.protocol.name': 'http',
    'network.protocol.version': protocol === 'h2' ? '2' : '1.1',
    'client.address': clientAddress,
    'mvproxy.decision': decisionOf(record),
    'mvproxy.reason': record.decision?.reason ?? (error === undefined ? 'MergedDiscovery' : 'Refused'),
    'mvproxy.server': server,
    'mvproxy.attempts': attempts,
    'mvproxy.retries': retries.length + span.droppedRetries,
    'mvproxy.client': client,
    'mvproxy.error': error,
    'mvproxy.response.ending': ending,
    'mvproxy.unknown_type.outcome': unknownType?.outcome,
    'mvproxy.unknown_type.denying': unknownType?.denying,
    ...(info === undefined || info.resource === '' ? {} : resourceAttributes(info)),
  });
  const events: SpanContent['events'][number][] = retries.map(({ at, cause, server: failed }) => ({
    name: 'mvproxy.retry',
    at,
    attributes: { 'mvproxy.retry.cause': cause, 'mvproxy.server': failed },
  }));
  if (status !== 0) events.push({ name: 'mvproxy.response_head', at: headAt, attributes: {} });
  return {
    name: [known ? method : 'HTTP', ...(route === undefined ? [] : [route])].join(' '),
    attributes,
    events,
    isError,
  };
}

function decisionOf({ decision, error }: ExchangeRecord): string {
  if (error !== undefined) return decision === undefined ? 'refused' : 'unavailable';
  return decision === undefined ? 'merged' : 'forward';
}

function resourceAttributes(info: RequestInfo): Readonly<Record<string, string | undefined>> {
  return {
    'mvproxy.k8s.group': info.apiGroup,
    'mvproxy.k8s.version': info.apiVersion,
    'mvproxy.k8s.resource': info.resource,
    'mvproxy.k8s.subresource': info.subresource === '' ? undefined : info.subresource,
    'mvproxy.k8s.verb': info.verb,
    'k8s.namespace.name': info.namespace === '' ? undefined : info.namespace,
  };
}

/**
 * The path with everything that names one object replaced by what it is; and everything that may be made up, for whoever sees
 * spans keeps a row for each route.
 */
function routeOf(record: ExchangeRecord, info: RequestInfo): string | undefined {
  if (info.resource === '') return undefined;
  const isKnown = hasKnownType(record) || record.decision?.reason === 'AlreadyProxied';
  return resourcePath(
    isKnown ? info : { ...info, ...MADE_UP, subresource: info.subresource && '{subresource}' },
    '{namespace}',
    '{name}',
  );
}

/** With a slash too many a path has no resource, and what follows may be the name of anything. */
function pathOf(info: RequestInfo): string | undefined {
  if (info.resource !== '') return cut(resourcePath(info, info.namespace, hidesName(info) ? '{name}' : info.name));
  const [, root = '', ...others] = info.path.split('/');
  if (!KNOWN_ROOTS.has(root)) return '/{path}';
  return cut(['', root, ...others.slice(0, 4)].join('/'));
}

/** What a Secret is called often says what it is for, and to whom it belongs. */
function hidesName({ apiGroup, resource }: RequestInfo): boolean {
  return resource === 'secrets' && apiGroup === '';
}

function resourcePath(info: RequestInfo, namespace: string, name: string): string {
  const { apiPrefix, apiGroup, apiVersion, resource, subresource } = info;
  const inNamespace = info.namespace !== '' && resource !== 'namespaces';
  return [
    '',
    apiPrefix,
    ...(apiPrefix === 'apis' ? [apiGroup] : []),
    apiVersion,
    ...(inNamespace ? ['namespaces', namespace] : []),
    resource,
    ...(info.name === '' || isCollection(info) ? [] : [name]),
    ...(subresource === '' ? [] : [subresource]),
  ].join('/');
}

/** A list or watch of one object by its field selector has the object's name, which is not in the path. */
function isCollection({ parts }: RequestInfo): boolean {
  return parts.length < 2;
}

function cut(path: string): string {
  return path.length > MOST_PATH ? `${path.slice(0, MOST_PATH)}...` : path;
}

function given(
  attributes: Readonly<Record<string, string | number | readonly string[] | undefined>>,
): Record<string, string | number | readonly string[]> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
