import { median, quantile } from '../performance/load/quantile.ts';
import type { Variant } from './observers.ts';

/** Microseconds of CPU for a request, by variant, one for each round. */
export type Rounds = ReadonlyMap<Variant, readonly number[]>;

/** The middle of some numbers, and the quarters around it: half of them lie between. */
export interface Spread {
  readonly middle: number;
  readonly from: number;
  readonly to: number;
}

export interface Summary {
  readonly variant: Variant;
  readonly microseconds: Spread;
  /** To `nothing` in the same round. */
  readonly ratio: Spread;
}

/** Each variant against `nothing`, round by round, so that what else the machine does is in both. */
export function summaries(rounds: Rounds): readonly Summary[] {
  const base = rounds.get('nothing') ?? [];
  return [...rounds].map(([variant, taken]) => ({
    variant,
    microseconds: spreadOf(taken),
    ratio: spreadOf(taken.map((microseconds, round) => microseconds / (base[round] ?? Number.NaN))),
  }));
}

function spreadOf(values: readonly number[]): Spread {
  return { middle: median(values), from: quantile(values, 0.25), to: quantile(values, 0.75) };
}
