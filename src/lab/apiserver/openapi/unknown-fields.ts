import type { JsonObject } from '../../api-object.ts';
import type { SchemaPool } from './schema-pool.ts';

/**
 * Fields of `value` that its schema does not have, as kube-apiserver's strict decoding names them:
 * `spec.template.spec.containers[0].imag`. Objects that a schema says nothing about may hold anything.
 */
export function unknownFields(value: unknown, schema: JsonObject, pool: SchemaPool, path = ''): readonly string[] {
  const resolved = resolve(schema, pool);
  if (resolved === undefined) return [];
  if (Array.isArray(value)) {
    const { items } = resolved;
    return isObject(items) ? value.flatMap((item, i) => unknownFields(item, items, pool, `${path}[${i}]`)) : [];
  }
  if (!isObject(value)) return [];
  const properties = isObject(resolved['properties']) ? resolved['properties'] : undefined;
  const others = resolved['additionalProperties'];
  const isOpen = resolved['x-kubernetes-preserve-unknown-fields'] === true || others === true;
  if (properties === undefined && !isObject(others)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const known = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : others;
    if (isObject(known)) return unknownFields(inner, known, pool, at);
    return known === undefined && !isOpen ? [at] : [];
  });
}

/** What a reference stands for; undefined when it is not in the pool. */
function resolve(schema: JsonObject, pool: SchemaPool): JsonObject | undefined {
  const { $ref, allOf } = schema;
  const only: unknown = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
  const target = $ref ?? (isObject(only) ? only['$ref'] : undefined);
  return typeof target === 'string' ? pool.get(target.slice(target.lastIndexOf('/') + 1)) : schema;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
