import type {
  Decision,
  Explanation,
  LiveStatus,
  ProxyStatus,
  SkewReport,
  Timeline,
  TimelineItem,
  Unexpected404List,
} from './answers.ts';
import type { Place } from './place.ts';
import type { Question } from './question.ts';
import { type Evidence, judge, type Verdict } from './verdict.ts';

/** What the console has of one page of the admin API. */
export interface Loaded<T> {
  readonly value: T | undefined;
  /** Why it could not be read last; '' when it could. The value is from before. */
  readonly failure: string;
}

/** How the console hears of what happens. */
export type Link =
  | { readonly kind: 'connecting' }
  /** By server-sent events. */
  | { readonly kind: 'live' }
  /** Asking again and again, because events are not to be had. */
  | { readonly kind: 'polling' }
  /** Epoch milliseconds. */
  | { readonly kind: 'lost'; readonly since: number };

/** The questions of the explain box and their answer. */
export type Explaining =
  | { readonly kind: 'idle' }
  | { readonly kind: 'asking'; readonly question: Question }
  | { readonly kind: 'answered'; readonly question: Question; readonly explanation: Explanation }
  | { readonly kind: 'failed'; readonly question: Question; readonly message: string };

export interface ConsoleState {
  readonly place: Place;
  readonly link: Link;
  readonly status: Loaded<ProxyStatus>;
  readonly live: LiveStatus | undefined;
  readonly skew: Loaded<SkewReport>;
  /** Keys of the rows that came or changed last. */
  readonly changed: ReadonlySet<string>;
  readonly unexpected: Loaded<Unexpected404List>;
  readonly timeline: Loaded<Timeline>;
  readonly decisions: Loaded<readonly Decision[]>;
  /** Decisions that the proxy did not send, because more pass the filters than anybody reads. */
  readonly leftOut: number;
  readonly paused: boolean;
  /** Arrived while paused, newest first. */
  readonly held: readonly Decision[];
  readonly explaining: Explaining;
  /** By the proxy's clock, as all times that it tells are: epoch milliseconds. */
  readonly now: number;
  /** By how many milliseconds the proxy's clock is ahead of the browser's. */
  readonly ahead: number;
}

export const PAGES = ['status', 'skew', 'unexpected', 'timeline', 'decisions'] as const;
export type Page = (typeof PAGES)[number];

/** What happens to the console. Times are by the browser's clock. */
export type Action =
  | { readonly kind: 'went'; readonly place: Place }
  | { readonly kind: 'linked'; readonly link: Link }
  | { readonly kind: 'read-status'; readonly value: ProxyStatus; readonly at: number }
  | { readonly kind: 'read-skew'; readonly value: SkewReport }
  | { readonly kind: 'read-unexpected'; readonly value: Unexpected404List }
  | { readonly kind: 'read-timeline'; readonly value: Timeline }
  | { readonly kind: 'read-decisions'; readonly items: readonly Decision[] }
  | { readonly kind: 'not-read'; readonly page: Page; readonly message: string }
  | { readonly kind: 'heard-status'; readonly value: LiveStatus }
  | { readonly kind: 'heard-timeline'; readonly items: readonly TimelineItem[] }
  /** Those that pass the filters of the place. */
  | { readonly kind: 'heard-decisions'; readonly items: readonly Decision[] }
  | { readonly kind: 'left-out'; readonly count: number }
  | { readonly kind: 'paused'; readonly paused: boolean }
  | { readonly kind: 'explained'; readonly explaining: Explaining }
  | { readonly kind: 'tick'; readonly now: number };

export function initialState(place: Place, now: number): ConsoleState {
  const nothing = { value: undefined, failure: '' };
  return {
    place,
    link: { kind: 'connecting' },
    status: nothing,
    live: undefined,
    skew: nothing,
    changed: new Set(),
    unexpected: nothing,
    timeline: nothing,
    decisions: nothing,
    leftOut: 0,
    paused: false,
    held: [],
    explaining: { kind: 'idle' },
    now,
    ahead: 0,
  };
}

export function verdictOf({ link, status, skew, unexpected, now }: ConsoleState): Verdict {
  const evidence: Evidence = {
    lostSince: link.kind === 'lost' ? link.since : undefined,
    status: status.value,
    skew: skew.value,
    unexpected: unexpected.value,
    failures: [status, skew, unexpected].map(({ failure }) => failure).filter(Boolean),
    now,
  };
  return judge(evidence);
}
