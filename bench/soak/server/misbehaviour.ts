import type { ResetReason } from '../../../src/wire/exchange.ts';

/** What a server can be told to do wrong, or to do no longer. */
export type Order =
  | { readonly kind: 'behave' }
  /** Breaks this share of the streams, open watches among them. */
  | { readonly kind: 'reset'; readonly share: number }
  /** Says GOAWAY on every connection, once. `refusing`: with the last stream it has begun to answer, though there are later ones. */
  | { readonly kind: 'goaway'; readonly refusing: boolean }
  /** Breaks every connection. `abruptly`: by TCP RST instead of FIN. */
  | { readonly kind: 'cut'; readonly abruptly: boolean }
  /** Says on /readyz that it goes, and serves on. */
  | { readonly kind: 'unready' };

/** Where in an exchange it is reset. */
export type ResetPhase = 'before it is read' | 'before the answer' | 'after the head' | 'within the body';

export interface PlannedReset {
  readonly phase: ResetPhase;
  readonly reason: ResetReason;
}

const PHASES: readonly ResetPhase[] = ['before it is read', 'before the answer', 'after the head', 'within the body'];
const REASONS: readonly ResetReason[] = [
  'cancel',
  'internal',
  'protocol',
  'flow-control',
  'enhance-your-calm',
  'http-1.1-required',
];

/** How one exchange is to be reset while the order is to reset streams; undefined: not at all. */
export function plannedReset(order: Order): PlannedReset | undefined {
  if (order.kind !== 'reset' || Math.random() >= order.share) return undefined;
  const phase = oneOf(PHASES);
  // REFUSED_STREAM says that nothing was done (RFC 9113 section 8.7), so it may be said only then.
  const reason = phase === 'before it is read' && Math.random() < 0.5 ? 'refused' : oneOf(REASONS);
  return { phase, reason };
}

function oneOf<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new RangeError('there is nothing to choose from');
  return item;
}
