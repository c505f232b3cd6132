/** Objects by key, for as long as somebody else uses them. */
export class WeakValues<V extends object> {
  readonly #references = new Map<string, WeakRef<V>>();
  readonly #forgotten = new FinalizationRegistry<string>((key) => {
    if (this.#references.get(key)?.deref() === undefined) this.#references.delete(key);
  });

  get size(): number {
    return this.#references.size;
  }

  get(key: string): V | undefined {
    return this.#references.get(key)?.deref();
  }

  set(key: string, value: V): void {
    this.#references.set(key, new WeakRef(value));
    this.#forgotten.register(value, key);
  }
}
