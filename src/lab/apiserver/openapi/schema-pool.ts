import type { JsonObject } from '../../api-object.ts';

const REFERENCE = '#/components/schemas/';
const KINDS = 'x-kubernetes-group-version-kind';

export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** OpenAPI v3 schemas by name, and which of them describes a kind. */
export class SchemaPool {
  readonly #schemas: ReadonlyMap<string, JsonObject>;
  readonly #names = new Map<string, string>();

  constructor(schemas: ReadonlyMap<string, JsonObject>) {
    this.#schemas = schemas;
    for (const [name, schema] of schemas) {
      const kinds: unknown = schema[KINDS];
      for (const kind of Array.isArray(kinds) ? kinds : []) this.#names.set(keyOf(kind), name);
    }
  }

  get(name: string): JsonObject | undefined {
    return this.#schemas.get(name);
  }

  /** Name of the schema of a kind. */
  nameOf(kind: Kind): string | undefined {
    return this.#names.get(keyOf(kind));
  }

  /** The same with more schemas; of equal names the new ones count. */
  with(schemas: ReadonlyMap<string, JsonObject>): SchemaPool {
    return schemas.size === 0 ? this : new SchemaPool(new Map([...this.#schemas, ...schemas]));
  }

  /** Every schema that `value` refers to, directly or through others, by name. What is not in the pool is left out. */
  closure(value: unknown): Readonly<Record<string, JsonObject>> {
    const found = new Map<string, JsonObject>();
    const pending = [...references(value)];
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const schema = found.has(name) ? undefined : this.#schemas.get(name);
      if (schema === undefined) continue;
      found.set(name, schema);
      pending.push(...references(schema));
    }
    return Object.fromEntries([...found].sort(([left], [right]) => (left < right ? -1 : 1)));
  }
}

export function reference(name: string): { readonly $ref: string } {
  return { $ref: REFERENCE + name };
}

function references(value: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, inner] of Object.entries(next)) {
      if (key === '$ref' && typeof inner === 'string' && inner.startsWith(REFERENCE)) {
        names.add(inner.slice(REFERENCE.length));
      } else pending.push(inner);
    }
  }
  return names;
}

function keyOf({ group, version, kind }: Kind): string {
  return `${group}/${version}/${kind}`;
}
