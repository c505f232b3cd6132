import { isDeepStrictEqual } from 'node:util';
import type { ApiObject, ObjectMeta } from '../../api-object.ts';
import type { Entry } from '../../store/store.ts';
import { conflict, invalid } from '../api-error.ts';
import { trackUpdate } from '../patch/patch.ts';
import type { ServedType } from '../served-type.ts';
import { withDefaults, withServerFields } from './defaults.ts';
import { invalidValue } from './field-problems.ts';
import { kindProblems } from './kind-problems.ts';
import { hasGenerations, rulesOf } from './kind-rules.ts';
import { withManagedFields } from './managed-fields.ts';
import { updateProblems } from './meta-validation.ts';
import { isNamespaces, namespaceFinalizers } from './namespace-finalizers.ts';
import { ordered, type SentObject, timestamp } from './object-meta.ts';
import { notAnInteger, unclassified } from './refusals.ts';
import type { ResourceOptions } from './resource-options.ts';
import { asVersion } from './stored-object.ts';
import { withSubresource } from './subresource-scope.ts';
import type { WriteOptions } from './write-options.ts';

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export interface Update {
  readonly type: ServedType;
  readonly entry: Entry;
  /** '' for the object itself. */
  readonly subresource: string;
  readonly options: WriteOptions;
  /** `Apply`: the revised object records its managedFields already. */
  readonly operation: 'Apply' | 'Update';
  /** The wanted object, from the present one in the type's version. */
  revise(current: ApiObject): SentObject;
}

/**
 * Replaces one stored object and returns what is stored then; one that loses its last finalizer while it is being deleted
 * is removed and returned as it was wanted. Reading, revising and writing are one step, so nothing can come between, and a
 * conflict is always one with the resourceVersion of `revise`. Throws ApiError 409 for it, 422 for bad metadata.
 */
export function updateObject(context: ResourceOptions, update: Update): ApiObject {
  const { type, entry, subresource, options, operation } = update;
  const current = asVersion(type, entry.value);
  const wanted = update.revise(current);
  requireRevision(type, current, wanted);

  const next = revised(context, update, current, wanted);
  const problems = [...updateProblems(type, current.metadata, next.metadata), ...kindProblems(type, next, current)];
  if (problems.length > 0) throw invalid(type.group, type.kind, current.metadata.name, problems);

  const time = timestamp(context.clock());
  const by = { manager: options.fieldManager, operation, apiVersion: next.apiVersion, subresource, time, type };
  const managedFields = operation === 'Apply' ? next.metadata.managedFields : trackUpdate(current, next, by);
  const tracked = withManagedFields(next, managedFields);

  if (isEmptied(type, current, tracked)) {
    if (!options.dryRun) context.store.delete(entry.key, entry.revision);
    return tracked;
  }
  if (isDeepStrictEqual(withoutTimes(tracked), withoutTimes(current))) return current;
  return options.dryRun ? tracked : context.store.put(entry.key, tracked, entry.revision).value;
}

function requireRevision(type: ServedType, current: ApiObject, { metadata }: SentObject): void {
  const { name, resourceVersion } = current.metadata;
  const sent = metadata.resourceVersion ?? '0';
  if (!/^[0-9]+$/.test(sent)) throw unclassified(notAnInteger(sent, 'ParseUint'));
  if (Number(sent) !== 0) {
    if (sent !== resourceVersion) throw conflict(type, name, MODIFIED);
  } else if (rulesOf(type).conditionalUpdate) {
    // Here kube-apiserver gives the resource where the kind should stand.
    const cause = invalidValue('metadata.resourceVersion', 0, 'must be specified for an update');
    throw invalid(type.group, type.resource, name, [cause]);
  }
}

/** The wanted object with everything that this kind of update cannot change taken from the present one. */
function revised(context: ResourceOptions, update: Update, current: ApiObject, wanted: SentObject): ApiObject {
  const { type, subresource } = update;
  const old = current.metadata;
  const { generation: _, ...sent } = wanted.metadata;
  const metadata: ObjectMeta = {
    ...sent,
    name: sent.name ?? old.name,
    ...(old.namespace !== undefined && { namespace: sent.namespace ?? old.namespace }),
    uid: sent.uid ?? old.uid,
    resourceVersion: old.resourceVersion,
    creationTimestamp: old.creationTimestamp,
    ...(old.deletionTimestamp !== undefined && { deletionTimestamp: old.deletionTimestamp }),
    ...(old.deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds: old.deletionGracePeriodSeconds }),
    ...(old.generation !== undefined && { generation: old.generation }),
  };
  const scoped = withSubresource(type, subresource, current, { ...wanted, metadata });
  const { store } = context;
  const next = withServerFields(type, withDefaults(type, scoped, current, store), current, store);
  const { generation } = old;
  if (generation === undefined || !hasGenerations(type, next) || !isSpecChanged(type, current, next))
    return ordered(next);
  return ordered({ ...next, metadata: { ...next.metadata, generation: generation + 1 } });
}

/** Whether anything but metadata and what the status subresource owns differs. */
function isSpecChanged(type: ServedType, current: ApiObject, next: ApiObject): boolean {
  const spec = ({ metadata: _, status, ...rest }: ApiObject) =>
    type.custom !== undefined && !type.subresources.has('status') ? { ...rest, status } : rest;
  return !isDeepStrictEqual(spec(current), spec(next));
}

/** ShouldDeleteDuringUpdate of apiserver pkg/registry/generic/registry/store.go; namespaces have finalizers in spec, too. */
function isEmptied(type: ServedType, current: ApiObject, { metadata, spec }: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = current.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0) return false;
  if ((metadata.finalizers ?? []).length > 0) return false;
  return !isNamespaces(type) || namespaceFinalizers(spec).length === 0;
}

/** An update that changes nothing but the time of managedFields is none. */
function withoutTimes(object: ApiObject): unknown {
  const { managedFields = [], ...metadata } = object.metadata;
  return { ...object, metadata, managedFields: managedFields.map(({ time: _, ...entry }) => entry) };
}
