import type { Utterance } from './conversation.ts';
import { isObject } from './json.ts';

/** How transcripts name revisions, in the order of their appearance. */
const NAME = /^<revision \d+>$/;

/**
 * The transcript as if no list, table or bookmark had a revision: theirs is that of the whole store, which anybody's write
 * moves, while an object's is its own. The names of the others are given anew, for a list may have been the first to show one.
 */
export function withoutListRevisions(transcript: readonly Utterance[]): readonly Utterance[] {
  const names = new Map<string, string>();
  const renamed = (name: string): string => {
    const known = names.get(name) ?? `<revision ${names.size + 1}>`;
    names.set(name, known);
    return known;
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return NAME.test(value) ? renamed(value) : value;
    if (Array.isArray(value)) return value.map(walk);
    if (!isObject(value)) return value;
    const isOfStore = 'resourceVersion' in value && !('name' in value);
    const members = Object.entries(value).map(([name, member]) =>
      isOfStore && name === 'resourceVersion' ? [name, '<revision of the store>'] : [name, walk(member)],
    );
    return Object.fromEntries(members);
  };
  return transcript.map((utterance) => ({
    ...utterance,
    body: walk(utterance.body),
    events: walk(utterance.events),
  })) as Utterance[];
}
