/** Upper bounds of the buckets, in seconds. */
const BOUNDS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * A histogram of plain numbers. prom-client's own would cost every request a hash of its labels, and it cannot take
 * ready-made buckets, so this one writes its few lines of exposition itself.
 */
export class LatencyHistogram {
  readonly #bounds: readonly number[];
  /** The last bucket lies beyond every bound. */
  readonly #counts: number[];
  #sum = 0;

  /** `bounds`: of the buckets, in seconds, ascending. */
  constructor(bounds: readonly number[] = BOUNDS) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(seconds: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seconds;
  }

  /** How often something was added. */
  get count(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  /** The samples of `name` with these labels, in lines of Prometheus' text format 0.0.4. */
  samples(name: string, labels: Readonly<Record<string, string>>): string[] {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
    const own = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
    let total = 0;
    const buckets = [...this.#bounds, '+Inf'].map((bound, bucket) => {
      total += this.#counts[bucket] ?? 0;
      return `${name}_bucket{${[...pairs, `le="${bound}"`].join(',')}} ${total}`;
    });
    return [...buckets, `${name}_sum${own} ${this.#sum}`, `${name}_count${own} ${total}`];
  }
}

/** A metric of the type histogram in Prometheus' text format 0.0.4; `samples` have different labels. */
export function histogramFamily(
  name: string,
  help: string,
  samples: Iterable<{ readonly labels: Readonly<Record<string, string>>; readonly histogram: LatencyHistogram }>,
): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  for (const { labels, histogram } of samples) lines.push(...histogram.samples(name, labels));
  return `${lines.join('\n')}\n`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
