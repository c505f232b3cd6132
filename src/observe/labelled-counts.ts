/** A count for each combination of labels, of which clients can make a bounded number. */
export class LabelledCounts<Label extends string> {
  readonly #most: number;
  readonly #rest: Partial<Record<Label, string>>;
  readonly #counts = new Map<string, { readonly labels: Readonly<Record<Label, string>>; count: number }>();

  /** Beyond `most` combinations, what comes new is counted with the labels of `rest` in place of its own. */
  constructor(most: number, rest: Partial<Record<Label, string>>) {
    this.#most = most;
    this.#rest = rest;
  }

  add(labels: Readonly<Record<Label, string>>): void {
    const entry = this.#counts.get(keyOf(labels)) ?? this.#insert(labels);
    entry.count++;
  }

  entries(): Iterable<{ readonly labels: Readonly<Record<Label, string>>; readonly count: number }> {
    return this.#counts.values();
  }

  #insert(labels: Readonly<Record<Label, string>>) {
    const counted = this.#counts.size < this.#most ? labels : { ...labels, ...this.#rest };
    const key = keyOf(counted);
    const entry = this.#counts.get(key) ?? { labels: counted, count: 0 };
    this.#counts.set(key, entry);
    return entry;
  }
}

/** Labels are given in one order by whoever counts, and hold no control characters. */
function keyOf(labels: Readonly<Record<string, string>>): string {
  return Object.values(labels).join('\n');
}
