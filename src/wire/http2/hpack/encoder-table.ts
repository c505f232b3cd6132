import { FIELD_OVERHEAD } from './header-field.ts';
import { STATIC_LENGTH } from './static-table.ts';

/** A field of the encoder's table, linked to those inserted after it and to those of the same name. */
export class EncoderEntry {
  readonly name: string;
  readonly value: string;
  readonly size: number;
  readonly sequence: number;
  next: EncoderEntry | undefined = undefined;
  older: EncoderEntry | undefined;
  newer: EncoderEntry | undefined = undefined;

  constructor(name: string, value: string, size: number, sequence: number, older: EncoderEntry | undefined) {
    this.name = name;
    this.value = value;
    this.size = size;
    this.sequence = sequence;
    this.older = older;
  }
}

/** The dynamic table as the encoder needs it: found by name, then by value (RFC 7541 sections 2.3.2 and 4). */
export class EncoderTable {
  readonly #newestOf = new Map<string, EncoderEntry>();
  #oldest: EncoderEntry | undefined = undefined;
  #newest: EncoderEntry | undefined = undefined;
  #inserted = 0;
  #size = 0;
  #maxSize: number;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  /** The newest entry of that name; its `older` ones follow. */
  newestOf(name: string): EncoderEntry | undefined {
    return this.#newestOf.get(name);
  }

  /** 0: no entry. */
  indexOf(entry: EncoderEntry | undefined): number {
    return entry === undefined ? 0 : STATIC_LENGTH + this.#inserted - entry.sequence;
  }

  /** `sameName`: what `newestOf` gave. The field must fit. */
  insert(name: string, value: string, sameName: EncoderEntry | undefined): void {
    const size = name.length + value.length + FIELD_OVERHEAD;
    this.#evict(this.#maxSize - size);
    // Eviction goes from old to new: where the newest of the name is gone, all of them are.
    const older = sameName !== undefined && this.#newestOf.get(name) === sameName ? sameName : undefined;
    const entry = new EncoderEntry(name, value, size, this.#inserted++, older);
    if (older !== undefined) older.newer = entry;
    this.#newestOf.set(name, entry);
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.next = entry;
    this.#newest = entry;
    this.#size += size;
  }

  resize(maxSize: number): void {
    this.#maxSize = maxSize;
    this.#evict(maxSize);
  }

  #evict(target: number): void {
    let entry = this.#oldest;
    while (entry !== undefined && this.#size > target) {
      this.#size -= entry.size;
      if (entry.newer === undefined) this.#newestOf.delete(entry.name);
      else entry.newer.older = undefined;
      entry = entry.next;
    }
    this.#oldest = entry;
    if (entry === undefined) this.#newest = undefined;
  }
}
