import type { RequestInfo } from '../../../kubernetes/request-info.ts';
import { ApiError, badRequest, methodNotSupported, notFound } from '../api-error.ts';
import type { ServedType, ServedTypes } from '../served-type.ts';
import { METHOD_NOT_ALLOWED, RESOURCE_NOT_FOUND } from './plain-answer.ts';

const VERBS_OF_METHODS: Readonly<Record<string, readonly string[]>> = {
  GET: ['get', 'list'],
  POST: ['create'],
  PUT: ['update'],
  PATCH: ['patch'],
  DELETE: ['delete', 'deletecollection'],
};
const OBJECT_VERBS = ['get', 'update', 'patch', 'delete'];
const COLLECTION_VERBS = ['list', 'create', 'deletecollection'];
const CUSTOM_VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

/**
 * The type that a resource request is for, if this server has a route for it. Undefined: nothing handles the path, which is
 * answered with `404 page not found`. Throws ApiError 404 (empty details) and 405 as kube-apiserver answers: for types
 * compiled in as go-restful decides by path and method, for custom ones as the CRD handler does by verb
 * (apiextensions-apiserver pkg/apiserver/customresource_handler.go).
 */
export function resourceRoute(
  types: ServedTypes,
  isCompiledIn: (group: string) => boolean,
  method: string,
  info: RequestInfo,
): ServedType | undefined {
  const type = types.find({ group: info.apiGroup, version: info.apiVersion, resource: info.resource });
  if (type?.custom !== undefined) return customRoute(type, info);
  if (type !== undefined) return compiledInRoute(type, method, info);
  if (isCompiledIn(info.apiGroup)) throw new ApiError(RESOURCE_NOT_FOUND);
  return undefined;
}

function compiledInRoute(type: ServedType, method: string, info: RequestInfo): ServedType {
  const verbs = verbsOfPath(type, info);
  if (verbs.length === 0) throw new ApiError(RESOURCE_NOT_FOUND);
  const wanted = VERBS_OF_METHODS[method] ?? [];
  if (!wanted.some((verb) => verbs.includes(verb))) throw new ApiError(METHOD_NOT_ALLOWED);
  return type;
}

/** What can be done at the request's path; nothing means that there is no such path. */
function verbsOfPath(type: ServedType, info: RequestInfo): readonly string[] {
  const { parts } = info;
  // RequestInfo takes a Namespace to lie in itself.
  const isNamespace = type.group === '' && type.resource === 'namespaces' && parts[1] === info.namespace;
  const isNamespaced = info.namespace !== '' && !isNamespace;
  switch (pathPrefix(info)) {
    case 'proxy':
      return [];
    case 'watch':
      if (isNamespaced && !type.namespaced) return [];
      return type.verbs.includes('watch') && parts.length <= 2 ? ['get'] : [];
    case undefined:
  }
  if (type.namespaced && !isNamespaced) return parts.length === 1 ? common(type.verbs, ['list']) : [];
  if (!type.namespaced && isNamespaced) return [];
  if (parts.length === 1) return common(type.verbs, COLLECTION_VERBS);
  if (parts.length === 2) return common(type.verbs, OBJECT_VERBS);
  const subresource = type.subresources.get(parts[2] ?? '');
  return parts.length === 3 || parts[2] === 'proxy' ? (subresource?.verbs ?? []) : [];
}

function customRoute(type: ServedType, info: RequestInfo): ServedType | undefined {
  const isNamespaced = info.namespace !== '';
  if (!type.namespaced && isNamespaced) return undefined;
  if (type.namespaced && !isNamespaced && info.verb !== 'list' && info.verb !== 'watch') return undefined;
  if (info.subresource !== '') {
    const subresource = type.subresources.get(info.subresource);
    if (subresource === undefined) throw notFound(type, info.name);
    if (!subresource.verbs.includes(info.verb)) throw methodNotSupported(type, info.verb);
    return type;
  }
  if (!CUSTOM_VERBS.includes(info.verb)) throw methodNotSupported(type, info.verb);
  if (info.name === '' && (info.verb === 'update' || info.verb === 'patch')) throw badRequest('name must be provided');
  return type;
}

/** The verb that stands in the path itself: `/api/v1/watch/…`. */
function pathPrefix({ path, apiPrefix }: RequestInfo): 'watch' | 'proxy' | undefined {
  const first = path.replace(/^\/+/, '').split('/')[apiPrefix === 'apis' ? 3 : 2];
  return first === 'watch' || first === 'proxy' ? first : undefined;
}

function common(verbs: readonly string[], wanted: readonly string[]): readonly string[] {
  return wanted.filter((verb) => verbs.includes(verb));
}
