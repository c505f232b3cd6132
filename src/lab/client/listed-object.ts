import type { ObjectMeta } from '../api-object.ts';

/** An object in a list or an event; kube-apiserver leaves kind and apiVersion out of the items of typed lists. */
export interface ListedObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface ObjectList {
  readonly resourceVersion: string;
  readonly items: readonly ListedObject[];
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** Of type ERROR: a Status, whose metadata says nothing. */
  readonly object: ListedObject;
}

const EVENT_TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isListedObject(value: unknown): value is ListedObject {
  return isRecord(value) && isRecord(value['metadata']);
}

export function isWatchEvent(value: unknown): value is WatchEvent {
  return isRecord(value) && EVENT_TYPES.has(value['type']) && isRecord(value['object']);
}
