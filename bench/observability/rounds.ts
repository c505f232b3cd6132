import { median, quantile } from '../performance/load/quantile.ts';
import type { Variant } from './observers.ts';

/** Microseconds of CPU for a request, by variant, one for each round. */
export type Rounds = ReadonlyMap<Variant, readonly number[]>;

export interface Summary {
  readonly variant: Variant;
  /** Middle of all rounds, in microseconds. */
  readonly microseconds: number;
  /** To `nothing` in the same round: the middle, and the quarters around it. */
  readonly ratio: number;
  readonly from: number;
  readonly to: number;
}

/** Each variant against `nothing`, round by round, so that what else the machine does is in both. */
export function summaries(rounds: Rounds): readonly Summary[] {
  const base = rounds.get('nothing') ?? [];
  return [...rounds].map(([variant, taken]) => {
    const ratios = taken.map((microseconds, round) => microseconds / (base[round] ?? Number.NaN));
    return {
      variant,
      microseconds: median(taken),
      ratio: median(ratios),
      from: quantile(ratios, 0.25),
      to: quantile(ratios, 0.75),
    };
  });
}
