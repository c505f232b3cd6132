import type { KnownDifference } from './compare-outcomes.ts';

/** Where the engines may differ in the client role. */
export const CLIENT_DIFFERENCES: readonly KnownDifference[] = [];
