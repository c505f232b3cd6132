import { Informer } from '../../client/informer.ts';
import type { LabClient } from '../../client/lab-client.ts';
import type { ListedObject } from '../../client/listed-object.ts';
import type { Stage } from '../stage.ts';
import { sequenceOf } from './writer.ts';

const RESYNC_MS = 5000;

/** An informer on a collection whose objects count their writes, so that a change it never heard of shows. */
export class WatchedCollection {
  readonly path: string;
  readonly informer: Informer;
  readonly examples: string[] = [];
  readonly #stage: Stage;
  readonly #client: LabClient;
  /** By uid: the number last seen, and how many lists had been read by then. */
  readonly #seen = new Map<string, { readonly sequence: number; readonly lists: number }>();
  missed = 0;

  constructor(stage: Stage, path: string, onRemove: (last: ListedObject) => void = () => {}) {
    this.#stage = stage;
    this.path = path;
    this.#client = stage.client(`informer-${path.slice(path.lastIndexOf('/') + 1)}`);
    this.informer = new Informer({
      client: this.#client,
      path,
      resyncMs: RESYNC_MS,
      random: stage.random,
      handlers: {
        add: (object) => this.#look(object),
        update: (_previous, object) => this.#look(object),
        remove: onRemove,
      },
    });
  }

  close(): void {
    this.informer.close();
  }

  /** At the end, when nobody writes any more: waits until the cache is what a server says, and counts what stays different. */
  async compare(direct: LabClient): Promise<void> {
    let differences: readonly string[] = [];
    const isSame = async (): Promise<boolean> => {
      differences = await this.#differences(direct);
      return differences.length === 0;
    };
    const { catchUpMs } = this.#stage.bounds;
    if (await this.#stage.until(`the informer on ${this.path} knows everything`, isSame, catchUpMs)) return;
    this.missed += differences.length;
    const late = `the informer did not know ${catchUpMs / 1000} s after the last change`;
    this.examples.push(...differences.map((difference) => `${this.path}: ${difference}, which ${late}`));
  }

  async #differences(direct: LabClient): Promise<readonly string[]> {
    const { items } = await direct.list(this.path);
    const versions = new Map(items.map(({ metadata }) => [metadata.uid, metadata]));
    const differences: string[] = [];
    for (const { metadata } of this.informer.objects.values()) {
      const found = versions.get(metadata.uid);
      versions.delete(metadata.uid);
      if (found === undefined) differences.push(`${metadata.name} is gone`);
      else if (found.resourceVersion !== metadata.resourceVersion) differences.push(`${metadata.name} has changed`);
    }
    return [...differences, ...[...versions.values()].map(({ name }) => `${name} was never seen`)];
  }

  #look(object: ListedObject): void {
    const { uid, name } = object.metadata;
    const sequence = sequenceOf(object);
    const { lists } = this.informer;
    const last = this.#seen.get(uid);
    this.#seen.set(uid, { sequence, lists });
    // A list shows only what came out in the end.
    if (last === undefined || last.lists !== lists) return;
    const skipped = sequence < last.sequence ? 1 : Math.max(0, sequence - last.sequence - 1);
    if (skipped === 0) return;
    this.missed += skipped;
    this.examples.push(
      `${this.path}: ${name} went from write ${last.sequence} to ${sequence} without a list in between`,
    );
  }
}
