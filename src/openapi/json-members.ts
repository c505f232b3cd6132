import { goEscaped } from '../discovery/representation.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The members of a JSON object, each value as it is written. Documents are merged without being decoded, because decoding
 * would round integers beyond 53 bits, which schemas have as limits, and move keys that look like integers.
 *
 * `text` must be JSON, which is not checked. Throws SyntaxError if it is no object.
 */
export function jsonMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = space(text, 0);
  if (text[at] !== '{') throw new SyntaxError('not a JSON object');
  at = space(text, at + 1);
  while (at < text.length && text[at] !== '}') {
    const keyEnd = stringEnd(text, at);
    const key: string = JSON.parse(text.slice(at, keyEnd));
    const start = space(text, space(text, keyEnd) + 1);
    const end = valueEnd(text, start);
    members.set(key, text.slice(start, end));
    at = space(text, end);
    if (text[at] === ',') at = space(text, at + 1);
  }
  if (at >= text.length) throw new SyntaxError('a JSON object that does not end');
  return members;
}

/** The JSON object that has these members, in their order. */
export function jsonObject(members: Iterable<readonly [string, string]>): string {
  return `{${Array.from(members, ([key, value]) => `${goEscaped(JSON.stringify(key))}:${value}`).join(',')}}`;
}

/** Position of the next character that is no white space. */
function space(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** Position behind the string that begins at `from`. */
function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  throw new SyntaxError('a JSON string that does not end');
}

/** Position behind the value that begins at `from`. */
function valueEnd(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const character = text[at];
    if (text.charCodeAt(at) === QUOTE) {
      at = stringEnd(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      // A bare value that the object's own brace ends.
      if (depth === 0) return trimmed(text, at);
      depth--;
      if (depth === 0) return at + 1;
    } else if (character === ',' && depth === 0) return trimmed(text, at);
    at++;
  }
  throw new SyntaxError('a JSON value that does not end');
}

/** Position behind the last character before `end` that is no white space. */
function trimmed(text: string, end: number): number {
  let at = end;
  while (text.charCodeAt(at - 1) <= 0x20) at--;
  return at;
}
