import type { Timeline, TimelineItem } from './answers.ts';

/** A server was in one state for some time. */
export interface StateSpan {
  readonly state: string;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** What the timeline says of one server's states, oldest first, until `now` (epoch milliseconds). */
export function stateSpans(timeline: Timeline, server: string, now: number): readonly StateSpan[] {
  const changes = timeline.items
    .filter((item) => item.server === server && stateOf(item) !== '')
    .map((item) => ({ state: stateOf(item), from: Date.parse(item.at) }))
    .sort((one, other) => one.from - other.from);
  const spans: StateSpan[] = [];
  changes.forEach(({ state, from }, at) => {
    const to = changes[at + 1]?.from ?? now;
    const last = spans.at(-1);
    if (last?.state === state) spans[spans.length - 1] = { ...last, to };
    else spans.push({ state, from, to });
  });
  return spans;
}

/** The state that a server is in since the item; '' when it says nothing of one. */
export function stateOf({ type, to }: TimelineItem): string {
  return type === 'server-state' || type === 'server-joined' || type === 'server-left' ? to : '';
}

/** Names of states that are no trouble, of those that pass, and of those that are; others count as trouble. */
export function stateTone(state: string): 'good' | 'passing' | 'bad' | 'gone' {
  switch (state) {
    case 'ready':
      return 'good';
    case 'discovered':
    case 'probing':
    case 'confirming':
    case 'draining':
      return 'passing';
    case 'gone':
      return 'gone';
    default:
      return 'bad';
  }
}
