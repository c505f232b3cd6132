import { type GroupVersionResource, groupVersionPath, type JsonObject } from '../../api-object.ts';
import type { ServedSubresource, ServedType } from '../served-type.ts';
import { type Kind, reference, type SchemaPool } from './schema-pool.ts';

/** Where, with which HTTP method and as which action a verb is done; the rest of kube-apiserver's operations has no reader. */
const OPERATIONS = [
  { verb: 'list', method: 'get', on: 'collection', action: 'list' },
  { verb: 'create', method: 'post', on: 'collection', action: 'post' },
  { verb: 'deletecollection', method: 'delete', on: 'collection', action: 'deletecollection' },
  { verb: 'get', method: 'get', on: 'object', action: 'get' },
  { verb: 'update', method: 'put', on: 'object', action: 'put' },
  { verb: 'patch', method: 'patch', on: 'object', action: 'patch' },
  { verb: 'delete', method: 'delete', on: 'object', action: 'delete' },
] as const;

const JSON_TYPE = 'application/json';
const PATCH_TYPES = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];
const STRATEGIC_PATCH_TYPE = 'application/strategic-merge-patch+json';
const PATCH_SCHEMA = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';

const query = (name: string, type = 'string') => ({ name, in: 'query', schema: { type, uniqueItems: true } });
const path = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string', uniqueItems: true } });
/** kubectl validates on the server when a type's patch takes `fieldValidation`, else by itself. */
const WRITING = [query('dryRun'), query('fieldManager'), query('fieldValidation')];

/**
 * The `paths` of the OpenAPI v3 document of one group-version, with what clients look for in them: the kind of each operation,
 * its parameters, the media types and schemas of its bodies.
 */
export function openapiPaths(types: readonly ServedType[], pool: SchemaPool): JsonObject {
  const paths = new Map<string, JsonObject>();
  for (const type of types) {
    const root = groupVersionPath(type);
    const collection = `${root}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.resource}`;
    const object = `${collection}/{name}`;
    const namespace = type.namespaced ? [path('namespace')] : [];
    const named = [path('name'), ...namespace];
    add(paths, collection, operations(type, 'collection', type.verbs, type, pool), namespace);
    add(paths, object, operations(type, 'object', type.verbs, type, pool), named);
    if (type.namespaced && type.verbs.includes('list')) {
      add(paths, `${root}/${type.resource}`, operations(type, 'collection', ['list'], type, pool), []);
    }
    for (const [name, subresource] of type.subresources) {
      add(paths, `${object}/${name}`, subresourceOperations(type, subresource, pool), named);
    }
  }
  return Object.fromEntries([...paths].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function add(paths: Map<string, JsonObject>, at: string, found: JsonObject, parameters: readonly JsonObject[]): void {
  if (Object.keys(found).length > 0) paths.set(at, parameters.length > 0 ? { ...found, parameters } : found);
}

/** Those of a collection or of one object that the verbs allow, by HTTP method. */
function operations(
  type: ServedType,
  on: 'collection' | 'object',
  verbs: readonly string[],
  kind: Kind,
  pool: SchemaPool,
): JsonObject {
  const wanted = OPERATIONS.filter((operation) => operation.on === on && verbs.includes(operation.verb));
  return Object.fromEntries(
    wanted.map(({ method, action }) => [
      method,
      operation(type, action, action === 'list' ? { ...kind, kind: type.listKind } : kind, kind, pool),
    ]),
  );
}

/** `create` of a subresource posts to it. */
function subresourceOperations(type: ServedType, { verbs, ...kind }: ServedSubresource, pool: SchemaPool): JsonObject {
  const found = operations(type, 'object', verbs, kind, pool);
  return verbs.includes('create') ? { ...found, post: operation(type, 'post', kind, kind, pool) } : found;
}

function operation(
  type: ServedType,
  action: (typeof OPERATIONS)[number]['action'],
  answered: Kind,
  { group, version, kind }: Kind,
  pool: SchemaPool,
): JsonObject {
  const writes = action === 'post' || action === 'put' || action === 'patch';
  const answer = content([JSON_TYPE], pool.nameOf(answered));
  return {
    tags: [tag(type)],
    ...(writes && { parameters: action === 'patch' ? [...WRITING, query('force', 'boolean')] : WRITING }),
    ...(writes && { requestBody: { ...body(type, action, { group, version, kind }, pool), required: true } }),
    responses: { 200: { description: 'OK', ...answer } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
}

function body(type: ServedType, action: 'post' | 'put' | 'patch', kind: Kind, pool: SchemaPool): JsonObject {
  if (action !== 'patch') return content(type.custom === undefined ? ['*/*'] : [JSON_TYPE], pool.nameOf(kind));
  const patches = type.custom === undefined ? [...PATCH_TYPES, STRATEGIC_PATCH_TYPE] : PATCH_TYPES;
  return content(patches, PATCH_SCHEMA);
}

function content(mediaTypes: readonly string[], schema: string | undefined): JsonObject {
  const value = schema === undefined ? {} : { schema: reference(schema) };
  return { content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, value])) };
}

/** `apps_v1`, `core_v1`, `rbacAuthorization_v1` */
function tag({ group, version }: GroupVersionResource): string {
  const [first = 'core', ...rest] = group === '' ? [] : group.replace(/\.k8s\.io$/, '').split('.');
  return `${first}${rest.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('')}_${version}`;
}
