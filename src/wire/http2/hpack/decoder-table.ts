import type { HeaderField } from './header-field.ts';

/** What every connection begins with (RFC 9113 section 6.5.2, SETTINGS_HEADER_TABLE_SIZE). */
export const INITIAL_TABLE_SIZE = 4096;

/** The dynamic table as the decoder needs it, found by index (RFC 7541 sections 2.3.2 and 4). */
export class DecoderTable {
  /** A ring; its length is a power of two. */
  #ring: (HeaderField | undefined)[] = new Array(32).fill(undefined);
  /** Fields ever inserted; the newest is at `#inserted - 1`. */
  #inserted = 0;
  #count = 0;
  #size = 0;
  #maxSize = INITIAL_TABLE_SIZE;

  /** The field that was inserted `age` insertions before the newest. */
  get(age: number): HeaderField | undefined {
    return age < this.#count ? this.#ring[(this.#inserted - 1 - age) & (this.#ring.length - 1)] : undefined;
  }

  /** `undefined`: a field too large for any table. Such a field empties the table and is not an error (section 4.4). */
  insert(field: HeaderField | undefined): void {
    this.#evict(field === undefined ? 0 : this.#maxSize - field.size);
    if (field === undefined || field.size > this.#maxSize) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[this.#inserted & (this.#ring.length - 1)] = field;
    // Only the place in the ring matters.
    this.#inserted = (this.#inserted + 1) >>> 0;
    this.#count++;
    this.#size += field.size;
  }

  resize(maxSize: number): void {
    this.#maxSize = maxSize;
    this.#evict(maxSize);
  }

  #evict(target: number): void {
    while (this.#size > target && this.#count > 0) {
      const place = (this.#inserted - this.#count) & (this.#ring.length - 1);
      this.#size -= this.#ring[place]?.size ?? 0;
      this.#ring[place] = undefined;
      this.#count--;
    }
  }

  #grow(): void {
    const fields = Array.from({ length: this.#count }, (_, i) => this.get(this.#count - 1 - i));
    this.#inserted = fields.length;
    this.#ring = fields.concat(new Array(fields.length).fill(undefined));
  }
}
