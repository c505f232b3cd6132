import type { ApiObject } from '../../api-object.ts';
import type { Entry } from '../../store/store.ts';
import { conflict } from '../api-error.ts';
import { withDeletionPending } from '../catalog/crd-conditions.ts';
import type { ServedType } from '../served-type.ts';
import type { DeleteOptions } from './delete-options.ts';
import { namespaceFinalizers } from './namespace-finalizers.ts';
import { requireMortalNamespace } from './namespace-lifecycle.ts';
import { isObject, ordered, timestamp } from './object-meta.ts';
import { deletionFinalizers } from './propagation.ts';
import type { ResourceOptions } from './resource-options.ts';

/** Deletion of objects that hold others, which a controller has to remove first. */
interface Stages {
  /** The object as the first request leaves it. */
  marked(object: ApiObject, options: DeleteOptions, now: string): ApiObject;
  /** Whether later requests change nothing yet. */
  isHeld(object: ApiObject): boolean;
}

const namespaces: Stages = {
  marked(object, options, now) {
    const { finalizers: old = [], ...metadata } = object.metadata;
    const finalizers = deletionFinalizers({}, old, options);
    const status = object['status'];
    return {
      ...object,
      metadata: { ...metadata, ...(finalizers.length > 0 && { finalizers }), deletionTimestamp: now },
      status: { ...(isObject(status) && status), phase: 'Terminating' },
    };
  },
  isHeld: ({ spec }) => namespaceFinalizers(spec).length > 0,
};

const definitions: Stages = {
  marked: (object, _options, now) => withDeletionPending(object, now),
  isHeld: () => false,
};

const STAGES: Readonly<Record<string, Stages>> = {
  '/namespaces': namespaces,
  'apiextensions.k8s.io/customresourcedefinitions': definitions,
};

/**
 * The part of a deletion that comes before the removal of a Namespace or CustomResourceDefinition: the first request only
 * marks it (pkg/registry/core/namespace/storage; apiextensions-apiserver pkg/registry/customresourcedefinition). Returns the
 * object while it stays, or undefined when it is to be deleted like any other. Throws ApiError 403 for the namespaces of the
 * system, 409 when a precondition does not hold.
 */
export function stagedDeletion(
  context: ResourceOptions,
  type: ServedType,
  entry: Entry,
  options: DeleteOptions,
): ApiObject | undefined {
  const stages = STAGES[`${type.group}/${type.resource}`];
  if (stages === undefined) return undefined;
  const { value } = entry;
  if (stages === namespaces) requireMortalNamespace(value.metadata.name);
  requirePreconditions(type, value, options);
  if (value.metadata.deletionTimestamp !== undefined) return stages.isHeld(value) ? value : undefined;
  const marked = ordered(stages.marked(value, options, timestamp(context.clock())));
  return options.dryRun ? marked : context.store.put(entry.key, marked, entry.revision).value;
}

function requirePreconditions(
  type: ServedType,
  { metadata }: ApiObject,
  { uid, resourceVersion }: DeleteOptions,
): void {
  const fail = (what: string, asked: string, recorded: string) =>
    conflict(
      type,
      metadata.name,
      `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${recorded}`,
    );
  if (uid !== undefined && uid !== metadata.uid) throw fail('UID', uid, metadata.uid);
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw fail('ResourceVersion', resourceVersion, metadata.resourceVersion);
  }
}
