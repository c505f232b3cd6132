import type { DiscoveryConflict } from '../discovery/conflict.ts';
import { DiscoveryMerge, type MergedDiscovery, type MergeInput } from '../discovery/merge.ts';
import { type PublishedDiscovery, publishDiscovery } from '../discovery/published-discovery.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { compareServerVersions, type ServerVersion } from '../kubernetes/kube-version.ts';
import type { Logger } from '../observe/logger.ts';
import { inTurns } from './in-turns.ts';

/** The merged documents, prepared anew whenever what goes into them changed; one preparation at a time, the last wins. */
export class MergedView {
  readonly #merging = new DiscoveryMerge();
  readonly #logger: Logger;
  readonly #changed: (seconds: number) => void;
  #published: PublishedDiscovery | undefined;
  #merged: ServerDiscovery | undefined;
  #conflicts: readonly DiscoveryConflict[] = [];
  /** Of what the documents are. */
  #inputs: readonly MergeInput[] = [];
  #preparing: Promise<void> | undefined;
  #next: readonly MergeInput[] | undefined;
  #nextSince = 0;

  /** `changed` is called when new documents are ready, `seconds` after something to put into them was there. */
  constructor(logger: Logger, changed: (seconds: number) => void) {
    this.#logger = logger;
    this.#changed = changed;
  }

  /** Undefined until there was something to merge. */
  get published(): PublishedDiscovery | undefined {
    return this.#published;
  }

  /** What `published` says; another object whenever it was prepared anew. */
  get merged(): ServerDiscovery | undefined {
    return this.#merged;
  }

  /** Contradictions between the servers' documents. */
  get conflicts(): readonly DiscoveryConflict[] {
    return this.#conflicts;
  }

  /** The documents are of what is known now; nothing newer is being prepared. */
  get isSettled(): boolean {
    return this.#preparing === undefined;
  }

  /** Resolves when nothing is being prepared. Never rejects. */
  async settled(): Promise<void> {
    while (this.#preparing !== undefined) await this.#preparing;
  }

  inherit(previous: MergedView): void {
    this.#published = previous.#published;
    this.#merged = previous.#merged;
    this.#conflicts = previous.#conflicts;
  }

  update(inputs: readonly MergeInput[]): void {
    this.#update(inputs, performance.now());
  }

  #update(inputs: readonly MergeInput[], since: number): void {
    if (inputs.length === 0) return;
    if (this.#preparing !== undefined) {
      if (this.#next === undefined) this.#nextSince = since;
      this.#next = inputs;
      return;
    }
    if (areEqual(inputs, this.#inputs)) return;
    this.#preparing = this.#prepare(inputs).finally(() => {
      this.#preparing = undefined;
      const next = this.#next;
      this.#next = undefined;
      if (next !== undefined) this.#update(next, this.#nextSince);
      this.#changed((performance.now() - since) / 1000);
    });
  }

  async #prepare(inputs: readonly MergeInput[]): Promise<void> {
    try {
      const { conflicts, ...merged } = await this.#merge(inputs);
      this.#published = await publishDiscovery(merged, this.#published);
      this.#merged = merged;
      this.#conflicts = conflicts;
      this.#inputs = inputs;
    } catch (error) {
      this.#logger.error('the merged view cannot be prepared; the last one stays', { error });
    }
  }

  /** With hundreds of servers a merge may take long; requests get their turns in between. */
  #merge(inputs: readonly MergeInput[]): Promise<MergedDiscovery> {
    return inTurns(this.#merging.steps(inputs));
  }
}

function areEqual(some: readonly MergeInput[], others: readonly MergeInput[]): boolean {
  return (
    some.length === others.length &&
    some.every((one, i) => {
      const other = others[i];
      return (
        other !== undefined &&
        one.discovery === other.discovery &&
        (one.ready && one.fresh) === (other.ready && other.fresh) &&
        one.server === other.server &&
        isSameVersion(one.version, other.version)
      );
    })
  );
}

function isSameVersion(one: ServerVersion | undefined, other: ServerVersion | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one === other || compareServerVersions(one, other) === 0;
}
