/** What a table keeps. */
interface Numbered {
  readonly id: number;
}

const SMALLEST = 16;

/**
 * The open streams of one connection by number. A Map would do, but it makes its inner table anew with every few dozen streams
 * that come and go, and each old one keeps the streams it knew alive through the collections of young objects: that was a sixth
 * of the processor time of a small request.
 *
 * Open addressing with linear probing; numbers are odd or even throughout and rise by two, so that neighbours do not collide.
 */
export class StreamTable<S extends Numbered> {
  #slots: (S | undefined)[] = new Array<S | undefined>(SMALLEST).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): S | undefined {
    return this.#slots[this.#find(id)];
  }

  /** Its number is not in the table yet. */
  add(stream: S): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    this.#slots[this.#find(stream.id)] = stream;
    this.#size += 1;
  }

  /** Whether it was in the table. */
  delete(id: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#find(id);
    if (slots[hole] === undefined) return false;
    // What was pushed aside by it moves up, so that probing never meets a hole too early.
    for (let i = (hole + 1) & mask; ; i = (i + 1) & mask) {
      const stream = slots[i];
      if (stream === undefined) break;
      const home = (stream.id >>> 1) & mask;
      if (((i - home) & mask) < ((i - hole) & mask)) continue;
      slots[hole] = stream;
      hole = i;
    }
    slots[hole] = undefined;
    this.#size -= 1;
    return true;
  }

  /** All of them at this moment, oldest first. */
  all(): S[] {
    return this.#slots.filter((stream) => stream !== undefined).sort((a, b) => a.id - b.id);
  }

  /** Where `id` is, or would be put. */
  #find(id: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let i = (id >>> 1) & mask;
    for (let stream = slots[i]; stream !== undefined && stream.id !== id; stream = slots[i]) i = (i + 1) & mask;
    return i;
  }

  #grow(): void {
    const streams = this.all();
    this.#slots = new Array<S | undefined>(this.#slots.length * 2).fill(undefined);
    for (const stream of streams) this.#slots[this.#find(stream.id)] = stream;
  }
}
