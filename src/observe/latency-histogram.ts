/** Upper bounds of the buckets, in seconds. */
const BOUNDS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * A histogram of plain numbers. prom-client's own would cost every request a hash of its labels, and it cannot take
 * ready-made buckets, so this one writes its few lines of exposition itself.
 */
export class LatencyHistogram {
  /** The last bucket lies beyond every bound. */
  readonly #counts: number[] = new Array<number>(BOUNDS.length + 1).fill(0);
  #sum = 0;

  add(seconds: number): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seconds;
  }

  /** Prometheus text format 0.0.4. */
  exposition(name: string, help: string): string {
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
    let total = 0;
    [...BOUNDS, '+Inf'].forEach((bound, bucket) => {
      total += this.#counts[bucket] ?? 0;
      lines.push(`${name}_bucket{le="${bound}"} ${total}`);
    });
    lines.push(`${name}_sum ${this.#sum}`, `${name}_count ${total}`);
    return `${lines.join('\n')}\n`;
  }
}
