import type { ExchangeRecord } from '../exchange-record.ts';
import { type DecisionEntry, decisionEntry } from './decision-entry.ts';
import { Ring } from './ring.ts';

/** How many decisions each ring keeps; an entry has about half a kilobyte. */
const KEPT = 1_000;

/**
 * The last decisions, and the last notable ones apart from them: a busy control plane goes through a thousand requests in
 * less than a second, and the one that somebody asks for was an hour ago.
 */
export class DecisionLog {
  readonly #all: Ring<DecisionEntry>;
  readonly #notable: Ring<DecisionEntry>;

  constructor(kept = KEPT) {
    this.#all = new Ring(kept);
    this.#notable = new Ring(kept);
  }

  /** Since the start; the id of the last one. */
  get total(): number {
    return this.#all.total;
  }

  /** In memory. */
  get kept(): number {
    const { oldest } = this;
    let beyond = 0;
    for (const { id } of this.#notable.newestFirst()) if (id < oldest) beyond++;
    return this.#all.size + beyond;
  }

  /** Id of the oldest from which on all are there. */
  get oldest(): number {
    return this.total - this.#all.size + 1;
  }

  add(record: ExchangeRecord): DecisionEntry {
    const entry = decisionEntry(record, this.#all.total + 1);
    this.#all.put(entry);
    if (entry.notable) this.#notable.put(entry);
    return entry;
  }

  /** By descending id, each once. */
  *newestFirst(): Generator<DecisionEntry, void> {
    yield* this.#all.newestFirst();
    const { oldest } = this;
    for (const entry of this.#notable.newestFirst()) if (entry.id < oldest) yield entry;
  }

  /** The last `kept` notable ones, newest first. */
  notable(): Generator<DecisionEntry, void> {
    return this.#notable.newestFirst();
  }
}
