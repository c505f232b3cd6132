import type { KnownDifference } from './compare-outcomes.ts';

/** Where the engines may differ in the server role. */
export const SERVER_DIFFERENCES: readonly KnownDifference[] = [];
