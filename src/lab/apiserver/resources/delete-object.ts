import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from '../../api-object.ts';
import type { Entry } from '../../store/store.ts';
import { conflict } from '../api-error.ts';
import type { ServedType } from '../served-type.ts';
import type { DeleteOptions } from './delete-options.ts';
import { rulesOf } from './kind-rules.ts';
import { ordered, timestamp } from './object-meta.ts';
import { deletionFinalizers } from './propagation.ts';
import type { ResourceOptions } from './resource-options.ts';
import { stagedDeletion } from './staged-deletion.ts';
import { asVersion } from './stored-object.ts';

/** What became of an object that was to be deleted. */
export type Deletion =
  | { readonly kind: 'removed'; readonly last: ApiObject }
  /** It stays, marked, until its finalizers are gone. */
  | { readonly kind: 'kept'; readonly object: ApiObject };

/**
 * Deletes one object, or with dryRun says what would become of it. There are no graceful deletions: nothing in a lab would
 * end them. Throws ApiError 409 when a precondition does not hold.
 */
export function deleteObject(
  context: ResourceOptions,
  type: ServedType,
  entry: Entry,
  options: DeleteOptions,
): Deletion {
  const held = stagedDeletion(context, type, entry, options);
  if (held !== undefined) return { kind: 'kept', object: asVersion(type, held) };
  requirePreconditions(type, entry.value, options);
  const { store } = context;
  const current = asVersion(type, entry.value);
  const { finalizers: old = [], ...meta } = current.metadata;
  const finalizers = deletionFinalizers(rulesOf(type), old, options);
  if (finalizers.length === 0) {
    const last = options.dryRun ? current : asVersion(type, store.delete(entry.key, entry.revision).value);
    return { kind: 'removed', last };
  }

  const { generation, deletionTimestamp } = meta;
  const marked = ordered({
    ...current,
    metadata: {
      ...meta,
      finalizers,
      ...(generation !== undefined && { generation: deletionTimestamp === undefined ? generation + 1 : generation }),
      deletionTimestamp: deletionTimestamp ?? timestamp(context.clock()),
      deletionGracePeriodSeconds: 0,
    },
  });
  if (options.dryRun || isDeepStrictEqual(marked, current)) return { kind: 'kept', object: marked };
  return { kind: 'kept', object: store.put(entry.key, marked, entry.revision).value };
}

function requirePreconditions(
  type: ServedType,
  { metadata }: ApiObject,
  { uid, resourceVersion }: DeleteOptions,
): void {
  const fail = (what: string, asked: string, recorded: string, why: string) =>
    // Here kube-apiserver gives the kind where the resource should stand.
    conflict(
      { group: type.group, resource: type.kind },
      metadata.name,
      `the ${what} in the precondition (${asked}) does not match the ${what} in record (${recorded}). The object might have been ${why}`,
    );
  if (uid !== undefined && uid !== metadata.uid) throw fail('UID', uid, metadata.uid, 'deleted and then recreated');
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw fail('ResourceVersion', resourceVersion, metadata.resourceVersion, 'modified');
  }
}
