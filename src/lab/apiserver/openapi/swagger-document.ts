import type { JsonObject } from '../../api-object.ts';

/** A Swagger 2.0 schema; `$ref` may have neighbours. */
export type SwaggerSchema = JsonObject;

export interface SwaggerParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly type?: string;
  readonly uniqueItems?: boolean;
  readonly schema?: SwaggerSchema;
}

export interface SwaggerOperation {
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  readonly schemes: readonly string[];
  readonly tags: readonly string[];
  readonly parameters?: readonly SwaggerParameter[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly schema?: SwaggerSchema }>>;
  readonly 'x-kubernetes-action': unknown;
  readonly 'x-kubernetes-group-version-kind': unknown;
}

export interface SwaggerPath {
  readonly operations: Readonly<Record<string, SwaggerOperation>>;
  readonly parameters: readonly SwaggerParameter[];
}

/** A Swagger 2.0 document, as far as clients of `/openapi/v2` read it. */
export interface SwaggerDocument {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: ReadonlyMap<string, SwaggerPath>;
  readonly definitions: ReadonlyMap<string, SwaggerSchema>;
}

/** OpenAPI v3 `paths` of openapi-paths.ts, and schemas by name, as Swagger 2.0. */
export function swaggerDocument(
  info: SwaggerDocument['info'],
  paths: JsonObject,
  schemas: Readonly<Record<string, JsonObject>>,
): SwaggerDocument {
  return {
    info,
    paths: new Map(Object.entries(paths).map(([path, item]) => [path, swaggerPath(objectOf(item))])),
    definitions: new Map(Object.entries(schemas).map(([name, schema]) => [name, kindSchema(schema)])),
  };
}

export function swaggerJson({ info, paths, definitions }: SwaggerDocument): string {
  const items = [...paths].map(([path, { operations, parameters }]) => [
    path,
    { ...operations, ...(parameters.length > 0 && { parameters }) },
  ]);
  return JSON.stringify({
    swagger: '2.0',
    info,
    paths: Object.fromEntries(items),
    definitions: Object.fromEntries(definitions),
  });
}

/** What Swagger 2.0 cannot say, or what kube-apiserver does not say in it. */
const OPEN = 'x-kubernetes-preserve-unknown-fields';
const SHAPE = new Set(['type', 'items', 'properties', 'required']);
const DROPPED = new Set(['default', 'nullable', 'allOf', 'anyOf', 'oneOf', 'not']);

/** An open custom type is still an object to readers of Swagger 2.0. */
function kindSchema(schema: JsonObject): SwaggerSchema {
  const { [OPEN]: open, ...rest } = swaggerSchema(schema);
  return open === true ? { type: 'object', ...rest } : swaggerSchema(schema);
}

/** One schema as kube-apiserver writes it in `/openapi/v2` (kube-openapi pkg/openapiconv, apiextensions ToStructuralOpenAPIV2). */
export function swaggerSchema(schema: JsonObject): SwaggerSchema {
  const result: Record<string, unknown> = {};
  // What may also be null, or have further fields, is of any shape to readers of Swagger 2.0.
  const isOpen = schema[OPEN] === true || schema['nullable'] === true;
  for (const [key, value] of Object.entries(schema)) {
    if (!DROPPED.has(key) && !(isOpen && SHAPE.has(key))) result[key] = innerSchema(key, value);
  }
  if (isAlsoText(schema['oneOf'])) result['type'] = 'string';
  const target = refOf(schema['allOf']);
  if (target !== undefined) result['$ref'] = target;
  return result;
}

/** Quantities and ports, which may be numbers, are texts to readers of Swagger 2.0. */
function isAlsoText(oneOf: unknown): boolean {
  return Array.isArray(oneOf) && oneOf.some((alternative) => objectOf(alternative)['type'] === 'string');
}

function innerSchema(key: string, value: unknown): unknown {
  if (key === '$ref' && typeof value === 'string') return definition(value);
  if (key === 'items' || key === 'additionalProperties') return isObject(value) ? swaggerSchema(value) : value;
  if (key !== 'properties') return value;
  return Object.fromEntries(
    Object.entries(objectOf(value)).map(([name, inner]) => [name, swaggerSchema(objectOf(inner))]),
  );
}

/** OpenAPI v3 wraps a reference that has neighbours. */
function refOf(allOf: unknown): string | undefined {
  const only: unknown = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
  const target = isObject(only) ? only['$ref'] : undefined;
  return typeof target === 'string' ? definition(target) : undefined;
}

function definition(target: string): string {
  return target.replace('#/components/schemas/', '#/definitions/');
}

function swaggerPath({ parameters, ...methods }: JsonObject): SwaggerPath {
  return {
    parameters: (Array.isArray(parameters) ? parameters : []).map(swaggerParameter),
    operations: Object.fromEntries(
      Object.entries(methods).map(([method, operation]) => [method, swaggerOperation(objectOf(operation))]),
    ),
  };
}

function swaggerOperation(operation: JsonObject): SwaggerOperation {
  const sent = objectOf(objectOf(operation['requestBody'])['content']);
  const answered = objectOf(objectOf(objectOf(operation['responses'])['200'])['content']);
  const query = Array.isArray(operation['parameters']) ? operation['parameters'].map(swaggerParameter) : [];
  const body = bodySchema(sent);
  const parameters = [
    ...(body === undefined ? [] : [{ name: 'body', in: 'body', required: true, schema: body }]),
    ...query,
  ];
  const schema = bodySchema(answered);
  return {
    consumes: Object.keys(sent).length === 0 ? ['*/*'] : Object.keys(sent),
    produces: Object.keys(answered),
    schemes: ['https'],
    tags: Array.isArray(operation['tags']) ? operation['tags'].map(String) : [],
    ...(parameters.length > 0 && { parameters }),
    responses: { 200: { description: 'OK', ...(schema && { schema }) } },
    'x-kubernetes-action': operation['x-kubernetes-action'],
    'x-kubernetes-group-version-kind': operation['x-kubernetes-group-version-kind'],
  };
}

function bodySchema(content: JsonObject): SwaggerSchema | undefined {
  const schema = objectOf(Object.values(content)[0])['schema'];
  return isObject(schema) ? swaggerSchema(schema) : undefined;
}

function swaggerParameter(parameter: unknown): SwaggerParameter {
  const { name, in: place, required, schema } = objectOf(parameter);
  const { type, uniqueItems } = objectOf(schema);
  return {
    name: String(name),
    in: String(place),
    ...(required === true && { required }),
    ...(typeof type === 'string' && { type }),
    ...(uniqueItems === true && { uniqueItems }),
  };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}
