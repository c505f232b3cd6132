import type { TimelineItem } from './answers.ts';
import { stateTone } from './server-history.ts';
import { dayOf } from './words.ts';

/** How many items of the timeline the console keeps. */
export const KEPT_ITEMS = 2_000;

/** Newest first, each once. */
export function withItems(known: readonly TimelineItem[], more: readonly TimelineItem[]): readonly TimelineItem[] {
  if (more.length === 0) return known;
  const byId = new Map<number, TimelineItem>();
  for (const item of [...known, ...more]) byId.set(item.id, item);
  return [...byId.values()].sort((one, other) => other.id - one.id).slice(0, KEPT_ITEMS);
}

/** Runs of items of one day, in the order of the items. */
export function byDay(items: readonly TimelineItem[]): readonly { day: string; items: readonly TimelineItem[] }[] {
  const days: { day: string; items: TimelineItem[] }[] = [];
  for (const item of items) {
    const day = dayOf(item.at);
    const last = days.at(-1);
    if (last?.day === day) last.items.push(item);
    else days.push({ day, items: [item] });
  }
  return days;
}

/** The state that a server is in since the item; '' when it says nothing of one. */
function stateOf({ type, to }: TimelineItem): string {
  return type === 'server-state' || type === 'server-joined' || type === 'server-left' ? to : '';
}

/** How an item is coloured; the words beside it say the same. */
export function itemTone(item: TimelineItem): ReturnType<typeof stateTone> {
  const state = stateOf(item);
  if (state !== '') return stateTone(state);
  return item.type === 'unexpected-404' || item.type === 'reload-failed' ? 'bad' : 'gone';
}
