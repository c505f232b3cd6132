import type { Utterance } from './conversation.ts';
import { isObject } from './json.ts';
import type { KnownDifference } from './known-differences.ts';

/** One place where two transcripts of a case differ. */
export interface Difference {
  /** Number of the answer, from 1. */
  readonly answer: number;
  readonly request: string;
  readonly path: string;
  readonly said: unknown;
  readonly expected: unknown;
}

/** Every place where the transcripts differ, as deep as it goes. */
export function differences(said: readonly Utterance[], expected: readonly Utterance[]): readonly Difference[] {
  const length = Math.max(said.length, expected.length);
  return Array.from({ length }, (_, at) => at).flatMap((at) => {
    const request = said[at]?.request ?? expected[at]?.request ?? '';
    const [mine, other] = [said[at], expected[at]];
    // Bodies of answers with different statuses have nothing in common.
    const isOther = mine?.status !== other?.status;
    const places = isOther ? [{ path: 'status', said: mine, expected: other }] : [...compare(mine, other, [])];
    return places.map((one) => ({ answer: at + 1, request, ...one }));
  });
}

/** Splits into what is new and what is known; `unneeded` are known differences that were not found. */
export function judged(found: readonly Difference[], known: readonly KnownDifference[]) {
  return {
    unexpected: found.filter((difference) => !known.some((one) => covers(one, difference))),
    unneeded: known.filter((one) => !found.some((difference) => covers(one, difference))),
  };
}

function covers({ answer, path }: KnownDifference, difference: Difference): boolean {
  if (answer !== undefined && answer !== difference.answer) return false;
  const wanted = path === '' ? [] : path.split('.');
  const actual = difference.path.split('.');
  return wanted.every((name, at) => name === '*' || name === actual[at]);
}

interface Place {
  readonly path: string;
  readonly said: unknown;
  readonly expected: unknown;
}

function* compare(said: unknown, expected: unknown, path: readonly string[]): Generator<Place> {
  const bothLists = Array.isArray(said) && Array.isArray(expected);
  if (bothLists || (isObject(said) && isObject(expected))) {
    const [left, right] = [Object(said), Object(expected)];
    for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
      yield* compare(left[name], right[name], [...path, name]);
    }
  } else if (JSON.stringify(said) !== JSON.stringify(expected)) {
    yield { path: path.join('.'), said, expected };
  }
}
