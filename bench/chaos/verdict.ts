import type { LoadResult } from '../../test/real/support/open-loop-load.ts';
import type { MadeFault } from './chaos-fault.ts';

/** A request that waits longer is as good as unanswered. */
const LATE_MS = 10_000;
/** Connections break at the end of a fault too, and what was sent before it may still be on the way. */
const MARGIN_MS = 5_000;
/** How an answer is to be judged. */
export type Verdict =
  | 'right'
  | '503 with Retry-After'
  | 'write whose outcome nobody knows: 503 without Retry-After'
  | 'answer cut off after it had begun'
  | 'violation';

export function verdictOf(result: LoadResult, faults: readonly MadeFault[]): Verdict {
  const { outcome, kind, dueAt, endedAt } = result;
  if (endedAt - dueAt > LATE_MS) return 'violation';
  const during = faultsDuring(result, faults);
  switch (outcome) {
    case 'right':
      return 'right';
    case 'unavailable':
      return '503 with Retry-After';
    case 'in doubt':
      return kind === 'write' && during.length > 0
        ? 'write whose outcome nobody knows: 503 without Retry-After'
        : 'violation';
    case 'cut off':
    // Over HTTP/1.1 a head without a body may not have left the proxy yet.
    case 'lost':
      return during.length > 0 ? 'answer cut off after it had begun' : 'violation';
    default:
      return 'violation';
  }
}

/** The faults that may have met a request. */
export function faultsDuring({ dueAt, endedAt }: LoadResult, faults: readonly MadeFault[]): MadeFault[] {
  return faults.filter(({ from, to }) => from <= endedAt && to + MARGIN_MS >= dueAt);
}
