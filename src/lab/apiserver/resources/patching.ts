import type { ApiObject, ManagedFieldsEntry } from '../../api-object.ts';
import { badRequest, unsupportedMediaType } from '../api-error.ts';
import type { ServedType } from '../served-type.ts';
import { isObject } from './object-meta.ts';

/** Who made a change, for managedFields. */
export interface Change {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339. */
  readonly time: string;
}

export interface Patch {
  readonly contentType: string;
  readonly body: Buffer;
  readonly current: ApiObject | undefined;
  readonly type: ServedType;
  readonly fieldManager: string;
  readonly force: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly subresource: string;
}

/** The managedFields of `next`, which replaces `previous`. */
export function trackUpdate(
  previous: ApiObject | undefined,
  next: ApiObject,
  _change: Change,
): readonly ManagedFieldsEntry[] {
  return previous?.metadata.managedFields ?? next.metadata.managedFields ?? [];
}

/** Merge patches only. */
export function patchObject({ contentType, body, current }: Patch): ApiObject {
  if (contentType !== 'application/merge-patch+json') throw unsupportedMediaType(['application/merge-patch+json']);
  const patched = merged(current, JSON.parse(body.toString()));
  if (!isObject(patched)) throw badRequest('the patch is no object');
  return patched as ApiObject;
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = { ...(isObject(target) && target) };
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else result[field] = merged(result[field], value);
  }
  return result;
}
