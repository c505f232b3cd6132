/** Longer texts are not kept: what clients send must not fill the memory. */
const LONGEST = 1_024;
const MOST = 256;

/**
 * What was made of texts that clients send again and again, such as Accept and User-Agent. Bounded: once it holds so many
 * different ones that somebody must be making them up, it forgets all and begins anew.
 */
export class TextMemo<T> {
  readonly #make: (text: string) => T;
  readonly #made = new Map<string, T>();

  /** `make` is a pure function of the text, and what it makes is never changed. */
  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  of(text: string): T {
    const known = this.#made.get(text);
    if (known !== undefined) return known;
    const made = this.#make(text);
    if (text.length > LONGEST) return made;
    if (this.#made.size >= MOST) this.#made.clear();
    this.#made.set(text, made);
    return made;
  }
}
