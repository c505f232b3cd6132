import type { ApiObject, JsonObject } from '../../api-object.ts';
import { jsonText } from '../resources/answer.ts';
import { timeSince } from './human-duration.ts';
import { jsonPath } from './json-path.ts';
import { count, isFields, text } from './json-view.ts';
import { type CellContext, type Column, NAME, type Printer } from './printer.ts';

const DEFAULT_COLUMN: JsonObject = {
  name: 'Age',
  type: 'date',
  description: 'Time since the object was created.',
  jsonPath: '.metadata.creationTimestamp',
};

/**
 * The printer of a custom resource (apiextensions-apiserver pkg/registry/customresource/tableconvertor): its name and its
 * `additionalPrinterColumns`, or its age when there are none. A path that cannot be read or finds nothing gives null.
 */
export function customPrinter(printerColumns: readonly JsonObject[]): Printer {
  const columns = printerColumns.length === 0 ? [DEFAULT_COLUMN] : printerColumns;
  return { columns: [NAME, ...columns.map(customColumn)] };
}

function customColumn(definition: JsonObject): Column {
  const path = text(definition, 'jsonPath');
  const type = text(definition, 'type');
  const find = jsonPath(path);
  return {
    name: text(definition, 'name'),
    type,
    format: text(definition, 'format'),
    description: text(definition, 'description') || `Custom resource definition column (in JSONPath format): ${path}`,
    priority: count(definition, 'priority'),
    cell: (object: ApiObject, { now }: CellContext) => {
      const [first] = find?.(object) ?? [];
      return first === undefined ? null : cellOf(type, first, now);
    },
  };
}

function cellOf(type: string, value: unknown, now: number): unknown {
  switch (type) {
    case 'string':
      return printed(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? date(value, now) : null;
    default:
      return null;
  }
}

function date(value: string, now: number): string {
  return value !== '' && Number.isNaN(Date.parse(value)) ? '<invalid>' : timeSince(value, now);
}

function printed(value: unknown): string {
  if (value === null) return '<no value>';
  return typeof value === 'object' ? goJson(value) : String(value);
}

/** As Go writes maps, with the keys in order. */
function goJson(value: object): string {
  return jsonText(sorted(value)).trimEnd();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
