/**
 * Header or trailer fields in wire order: name, value, name, value, …
 * Names are lower case (RFC 9113 section 8.2); values are the received octets as a latin1 string.
 * Pseudo-header fields (`:path` …) never appear here.
 */
export type Fields = readonly string[];

export const NO_FIELDS: Fields = [];

/** The first value of `name` (lower case), as Go's `Header.Get` gives it. */
export function fieldValue(fields: Fields, name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === name) return fields[i + 1];
  }
  return undefined;
}

/** Every value of `name` (lower case), in wire order. */
export function fieldValues(fields: Fields, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === name) values.push(fields[i + 1] ?? '');
  }
  return values;
}

/** A copy without the fields whose lower-case name `drop` accepts. */
export function withoutFields(fields: Fields, drop: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!drop(name)) kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}
