/** What a field selector says about one field. */
export type ExactMatch =
  | { readonly kind: 'invalid' }
  | { readonly kind: 'none' }
  | { readonly kind: 'exact'; readonly value: string };

const INVALID: ExactMatch = { kind: 'invalid' };
const NONE: ExactMatch = { kind: 'none' };

/**
 * The value that a field selector requires exactly (`=` or `==`) of `field`, by the rules of k8s.io/apimachinery
 * pkg/fields: terms are joined by `,` and all must hold; a value escapes `\`, `,` and `=` with a backslash; the first
 * operator of a term ends its field name. Terms are sorted before they are read, so of several exact matches that of the
 * lexically smallest term counts, not the first written.
 */
export function exactMatch(selector: string, field: string): ExactMatch {
  let first: string | undefined;
  let result = NONE;
  for (const term of terms(selector)) {
    if (term === '') continue;
    const parsed = parseTerm(term);
    if (parsed === undefined) return INVALID;
    if (parsed.equal && parsed.field === field && (first === undefined || term < first)) {
      first = term;
      result = { kind: 'exact', value: parsed.value };
    }
  }
  return result;
}

function terms(selector: string): readonly string[] {
  if (!selector.includes('\\')) return selector.split(',');
  const result: string[] = [];
  let start = 0;
  for (let i = 0; i < selector.length; i++) {
    if (selector[i] === '\\') {
      i++;
    } else if (selector[i] === ',') {
      result.push(selector.slice(start, i));
      start = i + 1;
    }
  }
  result.push(selector.slice(start));
  return result;
}

interface Term {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

function parseTerm(term: string): Term | undefined {
  const equals = term.indexOf('=');
  // A lone `!` belongs to the field name: the operators are `!=`, `==` and `=`, and each holds a `=`.
  if (equals < 0) return undefined;
  const equal = term[equals - 1] !== '!';
  const valueStart = equal && term[equals + 1] === '=' ? equals + 2 : equals + 1;
  const value = unescapeValue(term.slice(valueStart));
  return value === undefined ? undefined : { field: term.slice(0, equal ? equals : equals - 1), equal, value };
}

function unescapeValue(text: string): string | undefined {
  let value = '';
  for (let i = 0; i < text.length; i++) {
    let character = text[i] ?? '';
    if (character === '\\') {
      character = text[++i] ?? '';
      if (character !== '\\' && character !== ',' && character !== '=') return undefined;
    } else if (character === ',' || character === '=') {
      return undefined;
    }
    value += character;
  }
  return value;
}
