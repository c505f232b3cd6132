import { listOptions } from './list-options.ts';
import { queryValues } from './query-values.ts';
import { RequestInfoError } from './request-info-error.ts';
import { type RequestTarget, requestTarget } from './request-target.ts';
import { targetUrl } from './target-url.ts';

export { RequestInfoError };

/** What kube-apiserver knows of a request before it authenticates: its `RequestInfo`. Strings are '' when absent. */
export interface RequestInfo {
  /** The path has the shape `/api/V/…` or `/apis/G/V/…`. Says nothing about whether that group, version or resource exists. */
  readonly isResourceRequest: boolean;
  /** Kubernetes verb of a resource request ('' for a method without one), lower-case method of any other request. */
  readonly verb: string;
  /** Percent-decoded path. */
  readonly path: string;
  readonly apiPrefix: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Path segments from the resource on. */
  readonly parts: readonly string[];
  /** Undecoded by Kubernetes' rules: the first query value, for the verbs list, watch and deletecollection. */
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

const SLASH = 0x2f;
const NO_PARTS: readonly string[] = [];

/**
 * The RequestInfo of a request, as k8s.io/apiserver 1.37 makes it (pkg/endpoints/request/requestinfo.go).
 *
 * `target` is the request target byte for byte, one character per byte: `/api/v1/pods?watch=true`,
 * `https://host/path?query` or `*`. Throws `RequestInfoError`: MVP_BAD_TARGET where Go's HTTP server answers 400,
 * MVP_REQUEST_INFO where kube-apiserver answers 500; nothing else.
 */
export function requestInfo(method: string, target: string): RequestInfo {
  const url = requestTarget(method, target);
  const segments = apiSegments(url.path);
  const prefix = segments[0] ?? '';
  const versionAt = prefix === 'apis' ? 2 : 1;
  if (segments.length < versionAt + 2) return nonResource(method, url.path, prefix);

  let first = versionAt + 1;
  let verb = segments[first] ?? '';
  const hasVerbPrefix = verb === 'watch' || verb === 'proxy';
  if (hasVerbPrefix) {
    if (segments.length === ++first) throw nothingAfterVerb(url);
  } else {
    verb = verbOf(method);
  }

  let namespace = '';
  if (segments[first] === 'namespaces' && segments.length > first + 1) {
    namespace = segments[first + 1] ?? '';
    const third = segments[first + 2];
    if (third !== undefined && third !== 'status' && third !== 'finalize') first += 2;
  }

  const parts = segments.slice(first);
  let name = parts[1] ?? '';
  let fieldSelector = '';
  let labelSelector = '';
  if (name === '' && verb === 'delete') verb = 'deletecollection';
  const isCollectionGet = name === '' && verb === 'get';
  if (isCollectionGet) verb = 'list';
  if (url.query !== '' && (isCollectionGet || verb === 'deletecollection')) {
    const values = queryValues(url.query);
    if (isCollectionGet) {
      const options = listOptions(values);
      if (options.watch) verb = 'watch';
      if (isPathSegmentName(options.name)) name = options.name;
    }
    fieldSelector = values.get('fieldSelector') ?? '';
    labelSelector = values.get('labelSelector') ?? '';
  }

  return {
    isResourceRequest: true,
    verb,
    path: url.path,
    apiPrefix: prefix,
    apiGroup: versionAt === 2 ? (segments[1] ?? '') : '',
    apiVersion: segments[versionAt] ?? '',
    namespace,
    resource: parts[0] ?? '',
    subresource: verb === 'proxy' ? '' : (parts[2] ?? ''),
    name,
    parts,
    fieldSelector,
    labelSelector,
  };
}

/** Segments of a path below `/api` or `/apis` that has at least three, `[]` for any other. */
function apiSegments(path: string): readonly string[] {
  let start = 0;
  let end = path.length;
  while (path.charCodeAt(start) === SLASH) start++;
  while (end > start && path.charCodeAt(end - 1) === SLASH) end--;
  if (!path.startsWith('api/', start) && !path.startsWith('apis/', start)) return NO_PARTS;
  const segments = path.slice(start, end).split('/');
  return segments.length < 3 ? NO_PARTS : segments;
}

function nonResource(method: string, path: string, apiPrefix: string): RequestInfo {
  return {
    isResourceRequest: false,
    verb: method.toLowerCase(),
    path,
    apiPrefix,
    apiGroup: '',
    apiVersion: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    parts: NO_PARTS,
    fieldSelector: '',
    labelSelector: '',
  };
}

function verbOf(method: string): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    default:
      return '';
  }
}

/** apimachinery pkg/api/validate/content IsPathSegmentName, which has nothing against an empty name. */
function isPathSegmentName(name: string): boolean {
  return name !== '.' && name !== '..' && !name.includes('/') && !name.includes('%');
}

function nothingAfterVerb(target: RequestTarget): RequestInfoError {
  return new RequestInfoError(
    'MVP_REQUEST_INFO',
    `unable to determine kind and namespace from url, ${targetUrl(target)}`,
  );
}
