import type { ApiObject, JsonObject } from '../../api-object.ts';
import {
  type CustomResourceDefinition,
  type CustomResourceNames,
  conditionStatus,
  customResourceDefinition,
  jsonObject,
} from './custom-resource-definition.ts';

/*
 * What the naming, establishing and finalizing controllers of apiextensions-apiserver (pkg/controller/{status,establish,
 * finalizer}) make of a CustomResourceDefinition. Pure: each function returns the next state of the object. Times are RFC 3339.
 */

/** Keeps the definition until its objects are gone. */
export const CRD_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

interface Condition {
  readonly type: 'NamesAccepted' | 'Established' | 'Terminating';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

const TERMINATING = {
  pending: {
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  },
  inProgress: { reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' },
  completed: { reason: 'InstanceDeletionCompleted', message: 'removed all instances' },
} as const;

/**
 * The object with its names accepted and established, or with the reason why not. `others` are the definitions of the same
 * group; who has accepted a name first keeps it. Returns `object` itself when its status says so already.
 */
export function withAcceptedNames(
  object: ApiObject,
  others: readonly CustomResourceDefinition[],
  now: string,
): ApiObject {
  const definition = customResourceDefinition(object);
  const { acceptedNames, condition } = acceptNames(definition, others);
  const accepted = condition.status === 'True';
  const established: Condition | undefined = accepted
    ? {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      }
    : conditionStatus(definition, 'Established') === 'True'
      ? undefined // Once established, a definition stays so (its accepted names go on being served).
      : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  const conditions = withConditions(definition.conditions, [condition, ...(established ? [established] : [])], now);
  const status = jsonObject(object['status']);
  const names = wireNames(acceptedNames);
  if (conditions === definition.conditions && JSON.stringify(status['acceptedNames']) === JSON.stringify(names)) {
    return object;
  }
  return withStatus(object, { conditions, acceptedNames: names });
}

/** The object as deletion leaves it while there may be objects of its type: marked, finalized, Terminating. */
export function withDeletionPending(object: ApiObject, now: string): ApiObject {
  const { finalizers = [], deletionTimestamp = now } = object.metadata;
  return withStatus(
    {
      ...object,
      metadata: {
        ...object.metadata,
        deletionTimestamp,
        finalizers: finalizers.includes(CRD_FINALIZER) ? finalizers : [...finalizers, CRD_FINALIZER],
      },
    },
    { conditions: terminating(object, 'pending', now) },
  );
}

/** Its objects are being deleted. Returns `object` itself when its status says so already. */
export function withDeletionInProgress(object: ApiObject, now: string): ApiObject {
  const conditions = terminating(object, 'inProgress', now);
  const before = customResourceDefinition(object).conditions;
  return conditions.length === before.length && conditions.every((each, index) => each === before[index])
    ? object
    : withStatus(object, { conditions });
}

/** All its objects are gone. */
export function withDeletionCompleted(object: ApiObject, now: string): ApiObject {
  const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== CRD_FINALIZER);
  const { finalizers: _, ...metadata } = object.metadata;
  return withStatus(
    { ...object, metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers } },
    { conditions: terminating(object, 'completed', now) },
  );
}

function terminating(object: ApiObject, phase: keyof typeof TERMINATING, now: string): readonly JsonObject[] {
  const status = phase === 'completed' ? 'False' : 'True';
  const { conditions } = customResourceDefinition(object);
  return withConditions(conditions, [{ type: 'Terminating', status, ...TERMINATING[phase] }], now);
}

function withStatus(object: ApiObject, changes: JsonObject): ApiObject {
  const { conditions, acceptedNames, storedVersions, ...rest } = { ...jsonObject(object['status']), ...changes };
  return { ...object, status: { conditions, acceptedNames, storedVersions, ...rest } };
}

/** The moment of a transition is kept while the status stays the same. Returns `before` itself when nothing changes. */
function withConditions(
  before: readonly JsonObject[],
  changed: readonly Condition[],
  now: string,
): readonly JsonObject[] {
  let result = before;
  for (const { type, status, reason, message } of changed) {
    const old = result.find((condition) => condition['type'] === type);
    if (old?.['status'] === status && old['reason'] === reason && old['message'] === message) continue;
    const lastTransitionTime = old?.['status'] === status ? old['lastTransitionTime'] : now;
    const next = { type, status, lastTransitionTime, reason, message };
    result = old === undefined ? [...result, next] : result.map((condition) => (condition === old ? next : condition));
  }
  return result;
}

/** Each name is accepted for itself, as calculateNamesAndConditions does; the last conflict is the one that is told. */
function acceptNames(
  { names, acceptedNames: before }: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): { readonly acceptedNames: CustomResourceNames; readonly condition: Condition } {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { acceptedNames: taken } of others) {
    for (const name of [taken.plural, taken.singular, ...taken.shortNames]) resources.add(name);
    for (const kind of [taken.kind, taken.listKind]) kinds.add(kind);
  }
  let conflict: Pick<Condition, 'reason' | 'message'> | undefined;
  const free = (reason: string, wanted: string, taken: ReadonlySet<string>): boolean => {
    if (!taken.has(wanted) || wanted === '') return true;
    conflict = { reason, message: `${JSON.stringify(wanted)} is already in use` };
    return false;
  };
  const acceptedNames = {
    plural: free('PluralConflict', names.plural, resources) ? names.plural : before.plural,
    singular: free('SingularConflict', names.singular, resources) ? names.singular : before.singular,
    shortNames: names.shortNames.filter((name) => free('ShortNamesConflict', name, resources)),
    kind: free('KindConflict', names.kind, kinds) ? names.kind : before.kind,
    listKind: free('ListKindConflict', names.listKind, kinds) ? names.listKind : before.listKind,
    categories: names.categories,
  };
  return {
    acceptedNames,
    condition: {
      type: 'NamesAccepted',
      ...(conflict === undefined
        ? { status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
        : { status: 'False', ...conflict }),
    },
  };
}

/** In Go's order; only plural and kind are always written. */
function wireNames({ plural, singular, shortNames, kind, listKind, categories }: CustomResourceNames): JsonObject {
  return {
    plural,
    ...(singular !== '' && { singular }),
    ...(shortNames.length > 0 && { shortNames }),
    kind,
    ...(listKind !== '' && { listKind }),
    ...(categories.length > 0 && { categories }),
  };
}
