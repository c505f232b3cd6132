import type { Path } from './path.ts';

/** A rule that concerns several fields, and what breaks it. */
export interface Violation {
  /** Every field the rule reads; the first one is where the operator is pointed to. */
  readonly paths: readonly [Path, ...Path[]];
  readonly message: string;
}
