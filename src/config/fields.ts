import { z } from 'zod';
import { isRecord, type Path } from './path.ts';
import { configurationSchema } from './schema.ts';

/** How the text of a flag becomes a value. */
export type FieldKind = 'text' | 'number' | 'duration' | 'boolean' | 'list' | 'servers';

/** One field of the configuration that is not a section. */
export interface ConfigurationField {
  /** Keys from the root; `[]` stands for every item of a list. */
  readonly path: readonly string[];
  /** Title of the section it belongs to; `undefined` outside all sections. */
  readonly section: string | undefined;
  readonly kind: FieldKind;
  readonly description: string;
  /** The first sentence of the description. */
  readonly summary: string;
  readonly flag: string | undefined;
  readonly shortFlag: string | undefined;
  readonly argument: string | undefined;
  readonly filePath: boolean;
  /** A changed value takes effect on a reload; others need a restart. */
  readonly reload: boolean;
  /** `undefined`: none. */
  readonly defaultValue: unknown;
  /** JSON Schema of the value. */
  readonly schema: JsonSchema;
}

/** A section of the configuration file. */
export interface ConfigurationSection {
  readonly path: readonly string[];
  readonly title: string;
  readonly description: string;
}

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of a configuration file (draft 2020-12). Rules that concern several fields are not in it. */
export const configurationJsonSchema: JsonSchema = z.toJSONSchema(configurationSchema, {
  io: 'input',
  // A section left out has the defaults of its fields, which `default: {}` would hide from readers.
  override: ({ jsonSchema }) => {
    if (jsonSchema.type === 'object') delete jsonSchema.default;
  },
});

export const configurationSections: readonly ConfigurationSection[] = sectionsOf(configurationJsonSchema, []);

/** Every field, in the order of the reference page. */
export const configurationFields: readonly ConfigurationField[] = fieldsOf(configurationJsonSchema, [], undefined);

/** The keys allowed in the mapping at `path`; `undefined` if there is no mapping. */
export function knownKeys(path: Path): readonly string[] | undefined {
  let schema: JsonSchema | undefined = configurationJsonSchema;
  for (const part of path) {
    schema = typeof part === 'number' ? itemsOf(schema) : propertiesOf(schema).find(([key]) => key === part)?.[1];
    if (schema === undefined) return undefined;
  }
  return schema.type === 'object' ? propertiesOf(schema).map(([key]) => key) : undefined;
}

function fieldsOf(schema: JsonSchema, path: readonly string[], section: string | undefined): ConfigurationField[] {
  return propertiesOf(schema).flatMap(([key, property]) => {
    const at = [...path, key];
    if (property.type === 'object') return fieldsOf(property, at, property.title ?? section);
    const group = property.title ?? section;
    const items = itemsOf(property);
    return [fieldOf(property, at, group), ...(items?.type === 'object' ? fieldsOf(items, [...at, '[]'], group) : [])];
  });
}

function fieldOf(schema: JsonSchema, path: readonly string[], section: string | undefined): ConfigurationField {
  const description = schema.description ?? '';
  return {
    path,
    section,
    kind: kindOf(schema),
    description,
    summary: /^.*?[.](?= |$)/.exec(description)?.[0] ?? description,
    flag: textOf(schema['x-flag']),
    shortFlag: textOf(schema['x-short-flag']),
    argument: textOf(schema['x-argument']),
    filePath: schema['x-file-path'] === true,
    reload: schema['x-reload'] === true || schema['x-file-path'] === true,
    defaultValue: schema.default,
    schema,
  };
}

function sectionsOf(schema: JsonSchema, path: readonly string[]): ConfigurationSection[] {
  return propertiesOf(schema).flatMap(([key, property]) => {
    if (property.type !== 'object') return [];
    const at = [...path, key];
    const { title = key, description = '' } = property;
    return [{ path: at, title, description }, ...sectionsOf(property, at)];
  });
}

function kindOf(schema: JsonSchema): FieldKind {
  if (schema['x-duration'] === true) return 'duration';
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return itemsOf(schema)?.type === 'object' ? 'servers' : 'list';
    default:
      return 'text';
  }
}

function propertiesOf(schema: JsonSchema): [string, JsonSchema][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
    isRecord(property) ? [[key, property]] : [],
  );
}

function itemsOf(schema: JsonSchema): JsonSchema | undefined {
  return isRecord(schema.items) ? schema.items : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
