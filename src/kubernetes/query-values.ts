import { percentDecode } from './percent-decoding.ts';

/** Go's net/url reads no parameter at all from a query that holds more (since Go 1.24.12 and 1.25.6). */
const MAX_PARAMETERS = 10_000;

/**
 * First value of every parameter of an undecoded query, by Go's rules (net/url ParseQuery with its error ignored, as
 * `URL.Query()` does): pairs end only at `&`; a pair with a `;` or a bad percent escape is skipped; `+` is a space; a
 * parameter without `=` has the value ''.
 */
export function queryValues(query: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (query === '' || hasTooManyParameters(query)) return values;
  for (let start = 0; start <= query.length; ) {
    const ampersand = query.indexOf('&', start);
    const end = ampersand < 0 ? query.length : ampersand;
    if (end > start) add(values, query.slice(start, end));
    start = end + 1;
  }
  return values;
}

function add(values: Map<string, string>, pair: string): void {
  if (pair.includes(';')) return;
  const equals = pair.indexOf('=');
  const name = percentDecode(equals < 0 ? pair : pair.slice(0, equals), true);
  const value = equals < 0 ? '' : percentDecode(pair.slice(equals + 1), true);
  if (name === undefined || value === undefined || values.has(name)) return;
  values.set(name, value);
}

function hasTooManyParameters(query: string): boolean {
  // Shorter queries cannot hold enough separators.
  if (query.length < MAX_PARAMETERS) return false;
  let parameters = 1;
  for (let i = query.indexOf('&'); i >= 0; i = query.indexOf('&', i + 1)) parameters++;
  return parameters > MAX_PARAMETERS;
}
