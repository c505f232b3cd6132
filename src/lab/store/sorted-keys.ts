/** A set of keys that can be read in order, by UTF-16 code units. */
export class SortedKeys {
  readonly #keys: string[];

  /** `keys` in any order, each once. */
  constructor(keys: Iterable<string>) {
    this.#keys = [...keys].sort();
  }

  /** `key` must not be in the set. */
  add(key: string): void {
    this.#keys.splice(this.#firstNotBefore(key), 0, key);
  }

  /** `key` must be in the set. */
  delete(key: string): void {
    this.#keys.splice(this.#firstNotBefore(key), 1);
  }

  /** The keys that begin with `prefix` and follow `after`. The set must not change meanwhile. */
  *under(prefix: string, after: string | undefined): Generator<string, void> {
    let at = this.#firstNotBefore(after === undefined || after < prefix ? prefix : after);
    if (this.#keys[at] === after) at++;
    for (let key = this.#keys[at]; key?.startsWith(prefix); key = this.#keys[++at]) yield key;
  }

  #firstNotBefore(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
