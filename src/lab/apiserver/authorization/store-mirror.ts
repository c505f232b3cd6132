import type { ApiObject } from '../../api-object.ts';
import type { Store, Watch } from '../../store/store.ts';

/** What the objects under one prefix of the store mean, kept in step with it and read once per state. */
export class StoreMirror<Meaning> {
  readonly #meanings = new Map<string, Meaning>();
  readonly #watch: Watch;

  constructor(store: Store, prefix: string, read: (object: ApiObject) => Meaning) {
    const { entries, revision } = store.range(prefix);
    for (const { key, value } of entries) this.#meanings.set(key, read(value));
    this.#watch = store.watch(prefix, revision, (event) => {
      if (event.kind === 'put') this.#meanings.set(event.entry.key, read(event.entry.value));
      else this.#meanings.delete(event.last.key);
    });
  }

  get(key: string): Meaning | undefined {
    return this.#meanings.get(key);
  }

  values(): Iterable<Meaning> {
    return this.#meanings.values();
  }

  close(): void {
    this.#watch.close();
  }
}
