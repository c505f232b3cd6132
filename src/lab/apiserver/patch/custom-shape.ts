import type { JsonObject } from '../../api-object.ts';
import { builtInShape } from './built-in-shape.ts';
import { isList, isObject, member } from './json.ts';
import { ATOMIC_LIST, type ListShape, REPLACED_LIST, type Shape } from './shape.ts';

const METADATA = builtInShape('CustomResource').field('metadata');

/** Where a schema says nothing: keys of a map that hold whatever they hold. */
const UNKNOWN: Shape = {
  atomic: false,
  list: ATOMIC_LIST,
  listStrategy: REPLACED_LIST,
  replaced: false,
  declares: () => false,
  field: () => UNKNOWN,
  get items() {
    return UNKNOWN;
  },
};

/** One place of a structural schema (apiextensions.k8s.io/v1 JSONSchemaProps). */
class CustomShape implements Shape {
  readonly atomic: boolean;
  readonly list: ListShape;
  readonly listStrategy = REPLACED_LIST;
  readonly replaced = false;
  readonly #schema: JsonObject;
  readonly #embedded: boolean;

  constructor(schema: JsonObject, isResource = member(schema, 'x-kubernetes-embedded-resource') === true) {
    this.#schema = schema;
    this.#embedded = isResource;
    this.atomic = member(schema, 'x-kubernetes-map-type') === 'atomic';
    this.list = listShape(schema);
  }

  get items(): Shape {
    return shapeOfSchema(member(this.#schema, 'items'));
  }

  declares(name: string): boolean {
    return (this.#embedded && name === 'metadata') || this.#property(name) !== undefined;
  }

  field(name: string): Shape {
    if (this.#embedded && name === 'metadata') return METADATA;
    return shapeOfSchema(this.#property(name) ?? member(this.#schema, 'additionalProperties'));
  }

  #property(name: string): unknown {
    const properties = member(this.#schema, 'properties');
    return isObject(properties) ? member(properties, name) : undefined;
  }
}

function listShape(schema: JsonObject): ListShape {
  const keys = member(schema, 'x-kubernetes-list-map-keys');
  switch (member(schema, 'x-kubernetes-list-type')) {
    case 'set':
      return { kind: 'set' };
    case 'map':
      return { kind: 'map', keys: isList(keys) ? keys.map(String) : [], defaults: defaultsOf(member(schema, 'items')) };
    default:
      return ATOMIC_LIST;
  }
}

function defaultsOf(items: unknown): JsonObject {
  const properties = isObject(items) ? member(items, 'properties') : undefined;
  const entries = isObject(properties) ? Object.entries(properties) : [];
  return Object.fromEntries(
    entries.flatMap(([name, schema]) => (isObject(schema) && 'default' in schema ? [[name, schema['default']]] : [])),
  );
}

function shapeOfSchema(schema: unknown): Shape {
  return isObject(schema) ? new CustomShape(schema) : UNKNOWN;
}

/** The shape of custom objects; without a schema everything but the metadata is unknown. */
export function customShape(schema: JsonObject | undefined): Shape {
  return new CustomShape(schema ?? {}, true);
}
