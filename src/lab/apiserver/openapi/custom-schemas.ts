import type { JsonObject } from '../../api-object.ts';
import type { ServedType } from '../served-type.ts';
import { reference, type SchemaPool } from './schema-pool.ts';

/** A recorded type whose apiVersion, kind and metadata are described like those of every type. */
const MODEL = 'io.k8s.api.core.v1.Pod';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';

/**
 * The schemas of a custom type and of its list, by name, as apiextensions-apiserver publishes them (pkg/controller/openapi/
 * builder): with the fields that every object has, and what its extensions stand for written out.
 */
export function customSchemas(type: ServedType, pool: SchemaPool): ReadonlyMap<string, JsonObject> {
  const { group, version, kind, listKind, resource } = type;
  const name = schemaName(type, kind);
  const expanded = expand(type.custom?.schema ?? { type: 'object' }, pool);
  return new Map([
    [
      name,
      {
        ...expanded,
        properties: { ...objectFields(MODEL, META, pool), ...withoutMeta(objectOf(expanded['properties'])) },
        'x-kubernetes-group-version-kind': [{ group, version, kind }],
      },
    ],
    [
      schemaName(type, listKind),
      {
        description: `${listKind} is a list of ${kind}`,
        type: 'object',
        required: ['items'],
        properties: {
          ...objectFields(`${MODEL}List`, LIST_META, pool),
          items: { description: `List of ${resource}.`, type: 'array', items: reference(name) },
        },
        'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
      },
    ],
  ]);
}

/** `com.example.v1.Widget` */
function schemaName({ group, version }: ServedType, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

function objectFields(model: string, meta: string, pool: SchemaPool): JsonObject {
  const { apiVersion, kind, metadata } = objectOf(pool.get(model)?.['properties']);
  const { default: _, ...described } = objectOf(metadata);
  return {
    apiVersion: apiVersion ?? { type: 'string' },
    kind: kind ?? { type: 'string' },
    metadata: { ...described, allOf: [reference(meta)] },
  };
}

function withoutMeta({ apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...own }: JsonObject): JsonObject {
  return own;
}

/** What extensions of structural schemas mean to readers of OpenAPI. */
function expand(schema: JsonObject, pool: SchemaPool): JsonObject {
  const result: Record<string, unknown> = { ...schema };
  const { properties, items, additionalProperties } = schema;
  if (isObject(properties)) {
    result['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [name, isObject(inner) ? expand(inner, pool) : inner]),
    );
  }
  if (isObject(items)) result['items'] = expand(items, pool);
  if (isObject(additionalProperties)) result['additionalProperties'] = expand(additionalProperties, pool);
  if (schema['x-kubernetes-int-or-string'] === true) result['anyOf'] ??= [{ type: 'integer' }, { type: 'string' }];
  if (schema['x-kubernetes-embedded-resource'] === true) {
    const required = Array.isArray(schema['required']) ? schema['required'] : [];
    result['required'] = [...new Set(['kind', 'apiVersion', ...required])];
    result['properties'] = { ...objectFields(MODEL, META, pool), ...withoutMeta(objectOf(result['properties'])) };
  }
  return result;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
