import type { ResponseHead } from '../../src/wire/exchange.ts';
import type { Fields } from '../../src/wire/fields.ts';
import type { LeanAnswer } from './lean-upstream.ts';

/** One kind of request, and how a server answers it. */
export interface Load {
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly fields: Fields;
  readonly isCertified: boolean;
  readonly chunk?: Uint8Array;
  readonly answer: LeanAnswer;
  /** Status that the client has to get. */
  readonly status: number;
}

const OBJECT = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
const COLLECTION = '/apis/apps/v1/namespaces/kube-system/deployments';
const WATCH = `${COLLECTION}?allowWatchBookmarks=true&resourceVersion=123456&timeout=9m31s&timeoutSeconds=571&watch=true`;
const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const DISCOVERY = `${V2},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json`;

/** Twelve fields with a token of the usual length. */
function fieldsOf(accept: string, ...more: readonly string[]): Fields {
  return [
    ...['user-agent', 'kubectl/v1.36.3 (linux/amd64) kubernetes/0123456', 'accept', accept, 'accept-encoding', 'gzip'],
    ...['kubectl-command', 'kubectl get', 'kubectl-session', '01234567-89ab-cdef-0123-456789abcdef'],
    ...['traceparent', '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01'],
    ...['tracestate', 'one=1', 'cache-control', 'no-cache', 'pragma', 'no-cache', 'priority', 'u=1', ...more],
  ];
}

const TOKEN = ['authorization', `Bearer ${'x'.repeat(890)}`];
const JSON_FIELDS = fieldsOf('application/json', 'x-request-id', '0123456789abcdef', ...TOKEN);

/** Twelve fields, as kube-apiserver sends them and an intermediary adds to. */
function headOf(status: number, type = 'application/json'): ResponseHead {
  const fields = [
    ...['audit-id', '01234567-89ab-cdef-0123-456789abcdef', 'cache-control', 'no-cache, private', 'content-type', type],
    ...['x-kubernetes-pf-flowschema-uid', '01234567-89ab-cdef-0123-456789abcdef'],
    ...['x-kubernetes-pf-prioritylevel-uid', '01234567-89ab-cdef-0123-456789abcdef'],
    ...['date', 'Sun, 22 Nov 2026 10:00:00 GMT', 'content-length', '600', 'vary', 'Accept', 'etag', '"1"'],
    ...['x-content-type-options', 'nosniff', 'server', 'a', 'via', '2 b'],
  ];
  return { status, fields };
}

const FOUND: LeanAnswer = { head: headOf(200), chunk: Buffer.alloc(600) };
const CREATED: LeanAnswer = { head: headOf(201), chunk: Buffer.alloc(600) };
const OBJECT_NOT_FOUND: LeanAnswer = {
  head: headOf(404),
  chunk: Buffer.from(
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"configmaps \\"a\\" not found","reason":"NotFound","details":{"name":"a","kind":"configmaps"},"code":404}\n',
  ),
};
export const EVENT: Uint8Array = Buffer.from(
  `{"type":"MODIFIED","object":{"kind":"Deployment","data":"${'x'.repeat(500)}"}}\n`,
);
const WATCHING: LeanAnswer = { head: headOf(200), chunk: EVENT, isOpen: true };
const GRANTED: LeanAnswer = { head: headOf(304) };

const get = { method: 'GET', fields: JSON_FIELDS, isCertified: false, answer: FOUND, status: 200 } as const;
const discovery = { ...get, target: '/apis?timeout=32s', answer: GRANTED };

export const WATCH_LOAD: Load = { ...get, name: 'watch, one event', target: WATCH, answer: WATCHING };

/** `etag`: of the merged `/apis`. */
export function loads(etag: string): readonly Load[] {
  return [
    { ...get, name: 'GET, own token', target: OBJECT },
    { ...get, name: 'GET, client certificate', target: OBJECT, fields: JSON_FIELDS.slice(0, -2), isCertified: true },
    {
      ...get,
      name: 'GET, only a peer serves it',
      target: '/apis/storagemigration.k8s.io/v1/storageversionmigrations/a',
    },
    { ...get, name: 'LIST', target: `${COLLECTION}?labelSelector=app%3Da&limit=500&resourceVersion=0` },
    {
      ...get,
      name: 'POST',
      method: 'POST',
      target: COLLECTION,
      chunk: Buffer.alloc(2_000),
      answer: CREATED,
      status: 201,
    },
    { ...get, name: '404 of an object', target: OBJECT, answer: OBJECT_NOT_FOUND, status: 404 },
    { ...get, name: 'passthrough (/version)', target: '/version' },
    WATCH_LOAD,
    { ...discovery, name: '/apis, 200 gzip', fields: fieldsOf(DISCOVERY, ...TOKEN) },
    { ...discovery, name: '/apis, 304', fields: fieldsOf(DISCOVERY, 'if-none-match', etag, ...TOKEN), status: 304 },
    {
      ...discovery,
      name: '/apis, 304, client certificate',
      fields: fieldsOf(DISCOVERY, 'if-none-match', etag),
      isCertified: true,
      status: 304,
    },
  ];
}
