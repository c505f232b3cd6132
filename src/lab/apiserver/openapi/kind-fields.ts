import type { JsonObject } from '../../api-object.ts';
import type { CheckedFields, KindFields, UnknownField } from '../served-type.ts';
import type { SchemaPool } from './schema-pool.ts';

/** As kube-apiserver's decoder, which stops to remember more of them. */
const MAX_FOUND = 100;

/**
 * Tells the fields that `schema` has from others. Objects of a `structural` schema, one of a CustomResourceDefinition, have
 * the fields it lists and no others; what a built-in schema says nothing about may hold anything.
 */
export function kindFields(schema: JsonObject, pool: SchemaPool, structural: boolean): KindFields {
  return {
    check(object) {
      const found: UnknownField[] = [];
      const known = new Walk(pool, found).known(object, schema, structural, '', '');
      if (structural) found.sort(byPruning);
      return { object: known as JsonObject, unknown: found.slice(0, MAX_FOUND) } satisfies CheckedFields;
    },
  };
}

class Walk {
  readonly #pool: SchemaPool;
  readonly #found: UnknownField[];

  constructor(pool: SchemaPool, found: UnknownField[]) {
    this.#pool = pool;
    this.#found = found;
  }

  /** `value` without unknown fields; the same value when it has none. `path` and `typedPath` lead to it. */
  known(value: unknown, given: JsonObject, structural: boolean, path: string, typedPath: string): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const schema = this.#resolved(given);
    if (schema === undefined) return value;
    const isStructural = structural && schema === given;
    if (Array.isArray(value)) return this.#knownItems(value, schema, isStructural, path, typedPath);
    return this.#knownMembers(value as JsonObject, schema, isStructural, path, typedPath);
  }

  #knownItems(list: readonly unknown[], schema: JsonObject, structural: boolean, path: string, typedPath: string) {
    const { items } = schema;
    if (!isObject(items)) return list;
    const keys = schema['x-kubernetes-list-map-keys'];
    const known = list.map((item, i) =>
      this.known(item, items, structural, `${path}[${i}]`, typedPath + element(item, i, keys)),
    );
    return known.some((item, i) => item !== list[i]) ? known : list;
  }

  #knownMembers(object: JsonObject, schema: JsonObject, structural: boolean, path: string, typedPath: string) {
    const properties = isObject(schema['properties']) ? schema['properties'] : undefined;
    const others = schema['additionalProperties'];
    const isClosed = properties !== undefined || isObject(others) || (structural && schema['type'] === 'object');
    if (!isClosed) return object;
    const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || others === true;
    let isSame = true;
    const kept: [string, unknown][] = [];
    for (const [name, value] of Object.entries(object)) {
      const at = path === '' ? name : `${path}.${name}`;
      const typedAt = `${typedPath}.${name}`;
      const declared = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : others;
      if (isObject(declared)) {
        const known = this.known(value, declared, structural, at, typedAt);
        isSame &&= known === value;
        kept.push([name, known]);
      } else if (declared !== undefined || isOpen) {
        kept.push([name, value]);
      } else {
        isSame = false;
        this.#found.push({ path: at, typedPath: typedAt });
      }
    }
    return isSame ? object : Object.fromEntries(kept);
  }

  /** What a reference stands for; undefined when it is not in the pool. */
  #resolved(schema: JsonObject): JsonObject | undefined {
    const { $ref, allOf } = schema;
    const only: unknown = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
    const target = $ref ?? (isObject(only) ? only['$ref'] : undefined);
    return typeof target === 'string' ? this.#pool.get(target.slice(target.lastIndexOf('/') + 1)) : schema;
  }
}

/** Custom objects are decoded, which reads their metadata, and pruned then, in order (structural-schema pruning). */
function byPruning(left: UnknownField, right: UnknownField): number {
  const isMeta = ({ path }: UnknownField) => (path.startsWith('metadata.') ? 0 : 1);
  return isMeta(left) - isMeta(right) || (left.path < right.path ? -1 : 1);
}

/** `[name="c"]` of a list with keys, `[0]` of others. */
function element(item: unknown, index: number, keys: unknown): string {
  if (!Array.isArray(keys) || !isObject(item)) return `[${index}]`;
  const named = keys.filter((key) => item[key] !== undefined).map((key) => `${key}=${JSON.stringify(item[key])}`);
  return `[${named.join(',')}]`;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
