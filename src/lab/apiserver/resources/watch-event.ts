import type { Status } from '../../../kubernetes/status.ts';
import type { ApiObject } from '../../api-object.ts';
import type { Entry, StoreEvent } from '../../store/store.ts';
import type { Selection } from './selection.ts';

/** One `metav1.WatchEvent`. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: ApiObject }
  | { readonly type: 'BOOKMARK'; readonly object: Bookmark }
  | { readonly type: 'ERROR'; readonly object: Status };

/** An object that says nothing but how far the watch has come. */
export interface Bookmark {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> };
}

/**
 * What a change means to a watcher of `selection`; undefined for nothing. An object that stops matching is DELETED in the
 * last state that matched, with the revision at which it stopped (apiserver pkg/storage/etcd3/watcher.go, transform).
 */
export function watchEvent(change: StoreEvent, selection: Selection): WatchEvent | undefined {
  const { previous } = change;
  const wasSelected = previous !== undefined && selection.matches(previous.value);
  const isSelected = change.kind === 'put' && selection.matches(change.entry.value);
  if (isSelected) return { type: wasSelected ? 'MODIFIED' : 'ADDED', object: change.entry.value };
  if (!wasSelected) return undefined;
  return {
    type: 'DELETED',
    object: change.kind === 'delete' ? change.last.value : atRevision(previous, change.revision),
  };
}

function atRevision({ value }: Entry, revision: number): ApiObject {
  return { ...value, metadata: { ...value.metadata, resourceVersion: String(revision) } };
}
