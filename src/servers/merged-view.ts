import type { DiscoveryConflict } from '../discovery/conflict.ts';
import { type MergeInput, mergeDiscovery } from '../discovery/merge.ts';
import { type PublishedDiscovery, publishDiscovery } from '../discovery/published-discovery.ts';
import type { Logger } from '../observe/logger.ts';
import type { DocumentIds } from './document-ids.ts';

/** The merged documents, prepared anew whenever what goes into them changed; one preparation at a time, the last wins. */
export class MergedView {
  readonly #ids: DocumentIds;
  readonly #logger: Logger;
  readonly #changed: (seconds: number) => void;
  #published: PublishedDiscovery | undefined;
  #conflicts: readonly DiscoveryConflict[] = [];
  #key = '';
  #preparing: Promise<void> | undefined;
  #next: readonly MergeInput[] | undefined;
  #nextSince = 0;

  /** `changed` is called when new documents are ready, `seconds` after something to put into them was there. */
  constructor(ids: DocumentIds, logger: Logger, changed: (seconds: number) => void) {
    this.#ids = ids;
    this.#logger = logger;
    this.#changed = changed;
  }

  /** Undefined until there was something to merge. */
  get published(): PublishedDiscovery | undefined {
    return this.#published;
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
    const key = inputs.map((input) => this.#keyOf(input)).join('\n');
    if (key === this.#key) return;
    this.#preparing = this.#prepare(inputs, key).finally(() => {
      this.#preparing = undefined;
      const next = this.#next;
      this.#next = undefined;
      if (next !== undefined) this.#update(next, this.#nextSince);
      this.#changed((performance.now() - since) / 1000);
    });
  }

  async #prepare(inputs: readonly MergeInput[], key: string): Promise<void> {
    try {
      const { conflicts, ...merged } = mergeDiscovery(inputs);
      this.#published = await publishDiscovery(merged, this.#published);
      this.#conflicts = conflicts;
      this.#key = key;
    } catch (error) {
      this.#logger.error('the merged view cannot be prepared; the last one stays', { error });
    }
  }

  #keyOf({ server, version, ready, fresh, discovery }: MergeInput): string {
    return `${server} ${JSON.stringify(version)} ${ready && fresh} ${this.#ids.of(discovery)}`;
  }
}
