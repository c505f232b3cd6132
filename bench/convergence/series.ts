/** One measured quantity: a value for each round. */
export interface Series {
  readonly name: string;
  /** Milliseconds. */
  readonly values: readonly number[];
}

/** One measured situation. */
export interface Measured {
  readonly title: string;
  /** What was done in each round, in Markdown. */
  readonly method: string;
  readonly series: readonly Series[];
  /** What was counted: what, and how often. */
  readonly counts: readonly (readonly [what: string, count: number | string])[];
}

export interface Summary {
  readonly rounds: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** Upper bounds of the distribution's columns, in milliseconds. */
export const BOUNDS = [50, 100, 250, 500, 1_000, 2_000, 5_000] as const;

/** Quantiles by nearest rank: the 99th of 50 rounds is the worst one. NaN without values. */
export function summarise({ values }: Series): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const quantile = (q: number): number => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
  return { rounds: sorted.length, median: quantile(0.5), p99: quantile(0.99), max: quantile(1) };
}

/** How many values lie in each column: up to the first bound, up to the next, …, above the last. */
export function distribution({ values }: Series): number[] {
  const counts = Array.from({ length: BOUNDS.length + 1 }, () => 0);
  for (const value of values) {
    const column = BOUNDS.findIndex((bound) => value <= bound);
    const index = column === -1 ? BOUNDS.length : column;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

/** Values by name, in the order of their first appearance. */
export class SeriesRecorder {
  readonly #values = new Map<string, number[]>();

  /** What ended before it began counts as 0: the end was seen on another connection than the beginning. */
  add(name: string, ms: number): void {
    const values = this.#values.get(name) ?? [];
    values.push(Math.max(0, ms));
    this.#values.set(name, values);
  }

  get series(): Series[] {
    return [...this.#values].map(([name, values]) => ({ name, values }));
  }
}
