import { z } from 'zod';
import { reports } from '../../src/reports/index.ts';
import type { Report } from '../../src/reports/report.ts';
import { code, page, table } from './markdown.ts';

/** Of a choice, in the table. */
const MOST_VALUES = 8;

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** `output.md`: what reading commands print with `--output json`, and what the pages of the admin listener answer. */
export function outputPage(): string {
  return page(
    '# JSON output',
    'Generated from the schemas in `src/reports`; edit those, then run the generator in `tools/reference`.',
    [
      'Commands print this with `--output json`; the same is at the path of the admin listener (`admin.port`, by default',
      '`http://127.0.0.1:6444`). Fields are never renamed and keep their meaning; new ones may be added, so that programs should ignore',
      'fields they do not know. What went wrong is said on standard error, or by the admin listener as',
      '`{"error": {"code": "BadRequest", "message": "…"}}`.',
    ].join('\n'),
    table(
      ['Output', 'Command', 'Admin listener', 'JSON Schema'],
      reports.map(({ name, command, path }) => [
        `[${name}](#${name})`,
        command === '' ? '' : code(command),
        path === '' ? '' : code(`GET ${path}`),
        `[${name}.schema.json](output/${name}.schema.json)`,
      ]),
    ),
    ...reports.flatMap((report) => [
      `## ${report.name}`,
      report.title,
      table(['Field', 'Value', 'Meaning'], fieldRows(outputSchema(report), '')),
    ]),
  );
}

/** JSON Schema (draft 2020-12) of one output. It allows unknown fields, because later versions may add some. */
export function outputSchema({ name, title, schema }: Report): JsonSchema {
  const made = z.toJSONSchema(schema, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'object' && jsonSchema.additionalProperties === false) {
        delete jsonSchema.additionalProperties;
      }
      // The pattern says the same as the format, in 300 characters.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      // What does not fit a double is no limit that anybody could state.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  const { $schema, ...rest } = made;
  return { ...($schema !== undefined && { $schema }), title: name, description: title, ...rest };
}

function fieldRows(schema: JsonSchema, prefix: string): string[][] {
  const { object, path } = objectWithin(schema, prefix);
  if (object === undefined) return [];
  const required = new Set(object.required ?? []);
  return Object.entries(object.properties ?? {}).flatMap(([key, property]) => {
    if (typeof property === 'boolean') return [];
    const at = path === '' ? key : `${path}.${key}`;
    const absent = required.has(key) ? '' : '; may be absent';
    const row = [code(at), `${valueText(property)}${absent}`, descriptionOf(property)];
    return [row, ...joinedRows(alternatives(property).flatMap((each) => fieldRows(each, at)))];
  });
}

/** What may be null has its description on either side of the choice. */
function descriptionOf(schema: JsonSchema): string {
  return (
    schema.description ?? alternatives(schema).find(({ description }) => description !== undefined)?.description ?? ''
  );
}

/** Variants of a union share fields: what each says of one stands in one row. */
function joinedRows(rows: readonly string[][]): string[][] {
  return [...Map.groupBy(rows, ([field]) => field)].map(([field = '', same]) => {
    const distinct = [...new Map(same.map((row) => [row.join(), row])).values()];
    const [first = []] = distinct;
    if (distinct.length === 1) return first;
    const meanings = distinct.map(([, value = '', meaning = '']) => `${value}: ${meaning}`);
    return [field, distinct.map(([, value]) => value).join(', '), meanings.join(' ')];
  });
}

/** The object whose fields are to be shown: of a list that of its items, of a mapping that of its values. */
function objectWithin(schema: JsonSchema, path: string): { object: JsonSchema | undefined; path: string } {
  if (schema.type === 'array' && isSchema(schema.items)) return objectWithin(schema.items, `${path}[]`);
  if (schema.type !== 'object') return { object: undefined, path };
  if (schema.properties !== undefined) return { object: schema, path };
  return isSchema(schema.additionalProperties)
    ? objectWithin(schema.additionalProperties, `${path}.NAME`)
    : { object: undefined, path };
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema);
}

/** Those of a union, nested ones as well; else the schema itself. */
function alternatives(schema: JsonSchema): JsonSchema[] {
  const parts = schema.anyOf ?? schema.oneOf;
  return parts === undefined ? [schema] : parts.flatMap((part) => (isSchema(part) ? alternatives(part) : []));
}

function valueText(schema: JsonSchema): string {
  const texts = alternatives(schema).map(plainText);
  return [...new Set(texts)].join(' or ');
}

function plainText(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.enum !== undefined && schema.enum.length > MOST_VALUES) {
    return `one of ${schema.enum.length} texts, which the JSON Schema lists`;
  }
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ');
  switch (schema.type) {
    case 'string':
      return schema.format === 'date-time' ? 'time (RFC 3339)' : 'text';
    case 'integer':
      return 'whole number';
    case 'boolean':
      return 'true or false';
    case 'array': {
      const items = isSchema(schema.items) ? valueText(schema.items) : 'values';
      return items === 'text' ? 'list of texts' : items === 'object' ? 'list of objects' : `list of ${items}`;
    }
    case 'object':
      return schema.properties === undefined ? 'object by name' : 'object';
    default:
      return String(schema.type ?? 'any value');
  }
}
