import type { ApiObject } from '../../api-object.ts';
import type { Entry } from '../../store/store.ts';
import { conflict } from '../api-error.ts';
import type { DeleteOptions } from './delete-options.ts';
import { namespaceFinalizers } from './namespace-finalizers.ts';
import { requireMortalNamespace } from './namespace-lifecycle.ts';
import { isObject, ordered, timestamp } from './object-meta.ts';
import { deletionFinalizers } from './propagation.ts';
import type { ResourceOptions } from './resource-options.ts';

const NAMESPACES = { group: '', resource: 'namespaces' };

/**
 * The part of a namespace's deletion that comes before its removal: it becomes Terminating and stays until `spec.finalizers`
 * is empty (pkg/registry/core/namespace/storage). Returns it, or undefined when nothing keeps it any more. Throws ApiError
 * 403 for the namespaces of the system, 409 when a precondition does not hold.
 */
export function deleteNamespace(context: ResourceOptions, entry: Entry, options: DeleteOptions): ApiObject | undefined {
  const { value } = entry;
  requireMortalNamespace(value.metadata.name);
  requirePreconditions(value, options);
  if (value.metadata.deletionTimestamp !== undefined) {
    return namespaceFinalizers(value['spec']).length > 0 ? value : undefined;
  }
  const { finalizers: old = [], ...metadata } = value.metadata;
  const finalizers = deletionFinalizers({}, old, options);
  const status = value['status'];
  const terminating = ordered({
    ...value,
    metadata: {
      ...metadata,
      ...(finalizers.length > 0 && { finalizers }),
      deletionTimestamp: timestamp(context.clock()),
    },
    status: { ...(isObject(status) && status), phase: 'Terminating' },
  });
  return options.dryRun ? terminating : ordered(context.store.put(entry.key, terminating, entry.revision).value);
}

function requirePreconditions({ metadata }: ApiObject, { uid, resourceVersion }: DeleteOptions): void {
  const fail = (what: string, asked: string, recorded: string) =>
    conflict(
      NAMESPACES,
      metadata.name,
      `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${recorded}`,
    );
  if (uid !== undefined && uid !== metadata.uid) throw fail('UID', uid, metadata.uid);
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw fail('ResourceVersion', resourceVersion, metadata.resourceVersion);
  }
}
