import type { ServerTransition, TimelineItem } from './answers.ts';
import { sentence } from './words.ts';

/** A server was in one state for some time. */
export interface StateSpan {
  readonly state: string;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** The states that a server went through, oldest first, until `now` (epoch milliseconds). `history` is newest first. */
export function stateSpans(history: readonly ServerTransition[], now: number): readonly StateSpan[] {
  let to = now;
  const spans = history.map(({ at, to: state }): StateSpan => {
    const from = Date.parse(at);
    const span = { state, from, to: Math.max(from, to) };
    to = from;
    return span;
  });
  return spans.reverse();
}

/** A span as it is drawn. */
export interface Bar {
  readonly span: StateSpan;
  readonly x: number;
  readonly width: number;
}

/**
 * Spans, one after the other, over `width` units. None is narrower than `least`, so that a state that passed at once is seen:
 * the longest are drawn first, and others over them.
 */
export function barsOf(spans: readonly StateSpan[], width: number, least: number): readonly Bar[] {
  const from = spans[0]?.from ?? 0;
  const scale = width / Math.max(1, (spans.at(-1)?.to ?? 0) - from);
  return spans
    .map((span) => {
      const own = Math.max(least, (span.to - span.from) * scale);
      return { span, x: Math.min((span.from - from) * scale, width - own), width: own };
    })
    .sort((one, other) => other.width - one.width);
}

/** One line of a server's history. */
export interface ServerChange {
  /** Unique in a history. */
  readonly key: string;
  readonly at: string;
  readonly text: string;
}

/** What the timeline says of a server's states, which its history says better. */
const STATES: ReadonlySet<string> = new Set(['server-state', 'server-joined', 'server-left']);

/** Every change of state of a server, and what else the timeline knows of it, newest first. */
export function serverChanges(
  server: string,
  history: readonly ServerTransition[],
  timeline: readonly TimelineItem[],
): readonly ServerChange[] {
  const states = history.map(({ at, to, why, version }, index) => {
    const what = version === '' ? to : `${to}, ${version}`;
    return { key: `state ${history.length - index}`, at, text: sentence(why === '' ? what : `${what}: ${why}`) };
  });
  const others = timeline
    .filter((item) => item.server === server && !STATES.has(item.type))
    .map(({ id, at, text }) => ({ key: `item ${id}`, at, text }));
  // Of one moment the state is the later one, and stays before what else was noted.
  return [...states, ...others].sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
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
