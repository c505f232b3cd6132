import { detached } from './detached.ts';

interface Entry<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  count: number;
}

/** What there is for one value of a label: of the last label the entry, of others what there is by value of the next one. */
type Branch<Label extends string> = Map<string, Branch<Label> | Entry<Label>>;

/** A count for each combination of labels, of which clients can make a bounded number. */
export class LabelledCounts<Label extends string> {
  readonly #most: number;
  readonly #rest: Partial<Record<Label, string>>;
  /** By value of label after label: to make one key of them would cost a request more than all else that is counted. */
  readonly #root: Branch<Label> = new Map();
  readonly #entries: Entry<Label>[] = [];

  /** Beyond `most` combinations, what comes new is counted with the labels of `rest` in place of its own. */
  constructor(most: number, rest: Partial<Record<Label, string>>) {
    this.#most = most;
    this.#rest = rest;
  }

  /** Whoever counts gives the labels in one order. */
  add(labels: Readonly<Record<Label, string>>): void {
    let found: Branch<Label> | Entry<Label> | undefined = this.#root;
    for (const label in labels) {
      if (!(found instanceof Map)) break;
      found = found.get(labels[label]);
    }
    const entry = found === undefined || found instanceof Map ? this.#insert(labels) : found;
    entry.count++;
  }

  entries(): Iterable<{ readonly labels: Readonly<Record<Label, string>>; readonly count: number }> {
    return this.#entries;
  }

  #insert(labels: Readonly<Record<Label, string>>): Entry<Label> {
    const counted = this.#entries.length < this.#most ? detachedLabels(labels) : { ...labels, ...this.#rest };
    const values: string[] = Object.values(counted);
    const last = values.pop() ?? '';
    let branch = this.#root;
    for (const value of values) {
      const next = branch.get(value);
      const deeper: Branch<Label> = next instanceof Map ? next : new Map();
      branch.set(value, deeper);
      branch = deeper;
    }
    const known = branch.get(last);
    if (known !== undefined && !(known instanceof Map)) return known;
    const entry: Entry<Label> = { labels: counted, count: 0 };
    branch.set(last, entry);
    this.#entries.push(entry);
    return entry;
  }
}

function detachedLabels<Label extends string>(labels: Readonly<Record<Label, string>>): Record<Label, string> {
  const kept: Record<Label, string> = { ...labels };
  for (const label in kept) kept[label] = detached(labels[label]);
  return kept;
}
