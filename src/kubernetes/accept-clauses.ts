/** One clause of an Accept header. */
export interface AcceptClause {
  readonly type: string;
  readonly subtype: string;
  readonly q: number;
  /** Parameters other than `q`; names and values are case-sensitive and keep their quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Go sorts up to this many elements by plain insertion. */
const INSERTION_SORT_LIMIT = 12;

/**
 * Parses one Accept header line and sorts its clauses as kube-apiserver does (github.com/munnerz/goautoneg): highest `q`
 * first and concrete types before wildcards, otherwise in the order of the header. Only spaces are trimmed. Clauses without
 * a subtype are dropped (`*` means any type), parameters without a value are ignored, an unreadable `q` is 0, and `q=0`
 * excludes nothing.
 */
export function acceptClauses(header: string): readonly AcceptClause[] {
  const clauses: AcceptClause[] = [];
  for (const part of header.split(',')) {
    const clause = parseClause(part);
    if (clause !== undefined) clauses.push(clause);
  }
  return sorted(clauses);
}

function parseClause(part: string): AcceptClause | undefined {
  const [range = '', ...parameterTexts] = trimSpaces(part).split(';');
  const slash = range.indexOf('/');
  const type = trimSpaces(slash < 0 ? range : range.slice(0, slash));
  let subtype = slash < 0 ? '' : range.slice(slash + 1);
  if (subtype === '') {
    if (type !== '*') return undefined;
    subtype = '*';
  }
  const second = subtype.indexOf('/');
  if (second >= 0) {
    if (second + 1 < subtype.length) return undefined;
    subtype = subtype.slice(0, second);
  }

  let q = 1;
  const parameters = new Map<string, string>();
  for (const text of parameterTexts) {
    const parameter = parseParameter(text);
    if (parameter === undefined) continue;
    if (parameter.name === 'q') q = parseQuality(parameter.value);
    else parameters.set(parameter.name, trimSpaces(parameter.value));
  }
  return { type, subtype: trimSpaces(subtype), q, parameters };
}

function parseParameter(text: string): { name: string; value: string } | undefined {
  const equals = text.indexOf('=');
  if (equals < 0 || equals + 1 === text.length) return undefined;
  let value = text.slice(equals + 1);
  const second = value.indexOf('=');
  if (second >= 0) {
    if (second + 1 < value.length) return undefined;
    value = value.slice(0, second);
  }
  return { name: trimSpaces(text.slice(0, equals)), value };
}

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?$/i;
const INFINITY = /^([+-]?)inf(?:inity)?$/i;

/** Go's `strconv.ParseFloat(text, 32)`, except that hexadecimal floats are unreadable. */
function parseQuality(text: string): number {
  if (DECIMAL.test(text)) return Math.fround(Number(text));
  const infinity = INFINITY.exec(text);
  if (infinity !== null) return infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return text.toLowerCase() === 'nan' ? Number.NaN : 0;
}

/**
 * The order is no order when a concrete type meets a wildcard with a higher `q`: each goes before the other. Insertion, as
 * in Go, settles that by the header's order; beyond the limit Go's result is arbitrary and ours is some order.
 */
function sorted(clauses: AcceptClause[]): readonly AcceptClause[] {
  if (clauses.length > INSERTION_SORT_LIMIT) {
    return clauses.sort((a, b) => (goesBefore(a, b) ? -1 : goesBefore(b, a) ? 1 : 0));
  }
  const result: AcceptClause[] = [];
  for (const clause of clauses) {
    let at = result.length;
    for (let other = result[at - 1]; other !== undefined && goesBefore(clause, other); other = result[at - 1]) at--;
    result.splice(at, 0, clause);
  }
  return result;
}

function goesBefore(a: AcceptClause, b: AcceptClause): boolean {
  return a.q > b.q || (a.type !== '*' && b.type === '*') || (a.subtype !== '*' && b.subtype === '*');
}

function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (text[start] === ' ') start++;
  while (end > start && text[end - 1] === ' ') end--;
  return text.slice(start, end);
}
