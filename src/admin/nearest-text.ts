import { nearest } from '../config/nearest.ts';

/** ` Did you mean apps?`, with a space before it; '' when nothing comes to mind. */
export function nearestText(word: string, known: readonly string[]): string {
  const found = nearest(word, known);
  return found === undefined ? '' : ` Did you mean ${found}?`;
}
