import { isList, isObject } from './json.ts';

/** A JSON value as Go prints it with `%v`. */
export function goFormat(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (isList(value)) return `[${value.map(goFormat).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const names = Object.keys(value).toSorted();
  return `map[${names.map((name) => `${name}:${goFormat(value[name])}`).join(' ')}]`;
}

/** The Go type that decoding a JSON value gives. */
export function goType(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (isList(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** What encoding/json calls a JSON value that it cannot decode. */
export function jsonKind(value: unknown): string {
  if (isList(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
