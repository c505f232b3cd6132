/** A place where an embedded server says something else than a real one, and why that stays so. */
export interface KnownDifference {
  /** Of the case in the contract suite. */
  readonly id: string;
  /** Number of the answer in the case, from 1; all answers when left out. */
  readonly answer?: number;
  /** Where in the answer, and all below: `body.items.0.status`. A `*` stands for any one name, '' for the whole answer. */
  readonly path: string;
  /** Only for servers of these versions. Default: all. */
  readonly versions?: readonly string[];
  /** What differs, and why nobody needs it to be the same. */
  readonly reason: string;
}

/** Everything that the contract suite finds different between embedded and real API servers. docs/lab.md shows it. */
export const knownDifferences: readonly KnownDifference[] = [];
