/** The last `capacity` items that were put in; the oldest makes room. */
export class Ring<Item> {
  readonly capacity: number;
  readonly #slots: Item[] = [];
  /** Where the next one goes. */
  #next = 0;
  #total = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** How many were ever put in. */
  get total(): number {
    return this.#total;
  }

  get size(): number {
    return this.#slots.length;
  }

  put(item: Item): void {
    this.#slots[this.#next] = item;
    this.#next = this.#next + 1 === this.capacity ? 0 : this.#next + 1;
    this.#total++;
  }

  *newestFirst(): Generator<Item, void> {
    const { length } = this.#slots;
    for (let back = 1; back <= length; back++) {
      const item = this.#slots[(this.#next - back + length) % length];
      if (item !== undefined) yield item;
    }
  }
}
