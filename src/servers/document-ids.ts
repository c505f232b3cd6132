/** Numbers objects by identity, so that what is built of them can be told from what was built before. */
export class DocumentIds {
  readonly #ids = new WeakMap<object, number>();
  #last = 0;

  /** 0 for undefined. */
  of(document: object | undefined): number {
    if (document === undefined) return 0;
    const known = this.#ids.get(document);
    if (known !== undefined) return known;
    this.#ids.set(document, ++this.#last);
    return this.#last;
  }
}
