import type { Store } from '../../store/store.ts';
import { expired, tooLargeResourceVersion } from '../api-error.ts';
import { badRevision, type ListOptions, revisionOf } from './list-options.ts';
import { unclassified } from './refusals.ts';

/** Where a watch begins. */
export interface WatchStart {
  /** Whether the present state comes first, as ADDED events. */
  readonly withState: boolean;
  /** Changes after this revision are sent. */
  readonly after: number;
}

/**
 * The meaning of resourceVersion and sendInitialEvents: unset and 0 begin with the present state, a number begins after it.
 * Throws ApiError 500 for a resourceVersion that is no number.
 */
export function watchStart(store: Store, { resourceVersion, sendInitialEvents }: ListOptions): WatchStart {
  const revision = revisionOf(resourceVersion);
  if (revision === undefined) throw unclassified(badRevision(resourceVersion));
  const withState = sendInitialEvents ?? revision === 0;
  return { withState, after: withState || revision === 0 ? store.revision : revision };
}

/**
 * Throws the ApiError that a watch reports as its ERROR event: 504 when the state of a revision that lies ahead is asked
 * for, 410 when the history after `start` is compacted.
 */
export function requireHistory(store: Store, options: ListOptions, start: WatchStart): void {
  const asked = revisionOf(options.resourceVersion) ?? 0;
  if (options.sendInitialEvents === true && asked > store.revision)
    throw tooLargeResourceVersion(asked, store.revision);
  if (start.after < store.compacted) throw tooOld(start.after, store.compacted);
}

const tooOld = (asked: number, compacted: number) => expired(`too old resource version: ${asked} (${compacted})`);
