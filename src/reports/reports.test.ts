import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { reports } from './index.ts';
import { schemaOf } from './report.ts';

/** Places without a description, by their path. */
function undescribed(schema: z.core.JSONSchema.BaseSchema, path: string): string[] {
  const isSchema = (value: unknown): value is z.core.JSONSchema.BaseSchema =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), schema.items, schema.additionalProperties];
  const within = parts.filter(isSchema).flatMap((part) => undescribed(part, path));
  const properties = Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    if (!isSchema(property)) return [];
    const hasOne = [property, ...(property.anyOf ?? [])].some((part) => isSchema(part) && part.description);
    return [...(hasOne ? [] : [`${path}.${key}`]), ...undescribed(property, `${path}.${key}`)];
  });
  return [...within, ...properties];
}

for (const { name, schema, title, command, path } of reports) {
  test(`every field of ${name} is described`, () => {
    assert.deepEqual(undescribed(z.toJSONSchema(schema), name), []);
    assert.match(title, /^[A-Z].*\.$/);
    assert.notEqual(`${command}${path}`, '');
  });

  test(`${name} has no fields that are not described`, () => {
    const { error } = schema.safeParse({ somethingElse: 1 });
    const codes = error?.issues.map((issue) => issue.code) ?? [];
    assert.ok(codes.includes('unrecognized_keys'), 'it is a strict object');
  });
}

test('names are unique', () => {
  const names = reports.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
});

interface Example {
  readonly a: string;
  readonly b: number | undefined;
  readonly c: readonly { readonly d: 'x' | 'y' }[];
}

test('a schema that says something else than the type does not compile', () => {
  const c = z.array(z.strictObject({ d: z.enum(['x', 'y']) }));
  schemaOf<Example>()(z.strictObject({ a: z.string(), b: z.number().optional(), c }));
  // @ts-expect-error b is missing
  schemaOf<Example>()(z.strictObject({ a: z.string(), c }));
  // @ts-expect-error b is absent in JSON when it is undefined
  schemaOf<Example>()(z.strictObject({ a: z.string(), b: z.number(), c }));
  // @ts-expect-error there is no e
  schemaOf<Example>()(z.strictObject({ a: z.string(), b: z.number().optional(), c, e: z.string() }));
  const onlyX = z.array(z.strictObject({ d: z.enum(['x']) }));
  // @ts-expect-error d may be y
  schemaOf<Example>()(z.strictObject({ a: z.string(), b: z.number().optional(), c: onlyX }));
});
