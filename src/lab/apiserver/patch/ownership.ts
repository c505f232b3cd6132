import type { ServedType } from '../served-type.ts';
import { type Comparison, compare } from './comparison.ts';
import { difference, type FieldSet, fieldSetOf, intersection, isEmptySet, outside, union } from './field-set.ts';
import type { Manager, Managers } from './managers.ts';
import type { Shape } from './shape.ts';

/** What nobody owns (apimachinery pkg/util/managedfields/internal/stripmeta.go). */
const UNOWNED: FieldSet = fieldSetOf([
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['metadata', name]),
]);

const STATUS = fieldSetOf([['status']]);
const SPEC = fieldSetOf([['spec']]);
const SPEC_AND_METADATA = fieldSetOf([['spec'], ['metadata']]);
const SPEC_OF_POD = fieldSetOf([['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']]);
const SPEC_OF_DEPLOYMENT = fieldSetOf([['spec'], ['metadata', 'labels']]);
const NONE = fieldSetOf([]);

/** Groups whose status subresource cannot change metadata. */
const KEEPS_METADATA: ReadonlySet<string> = new Set([
  'flowcontrol.apiserver.k8s.io',
  'resource.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
]);

/** Fields that a request for this type or subresource cannot change, and therefore not own (each strategy's GetResetFields). */
export function resetFields(type: Pick<ServedType, 'group' | 'kind' | 'custom' | 'subresources'>, subresource: string) {
  if (subresource === '') return type.subresources.has('status') ? STATUS : NONE;
  if (subresource !== 'status') return NONE;
  if (type.custom !== undefined || KEEPS_METADATA.has(type.group) || type.kind === 'ServiceCIDR') {
    return SPEC_AND_METADATA;
  }
  if (type.group === '' && type.kind === 'Pod') return SPEC_OF_POD;
  return type.group === 'apps' && type.kind === 'Deployment' ? SPEC_OF_DEPLOYMENT : SPEC;
}

/** Without what nobody owns. */
export function owned(fields: FieldSet): FieldSet {
  return difference(fields, UNOWNED);
}

/** What a request changed, and who had owned that. */
export interface Change {
  readonly comparison: Comparison;
  /** By manager: their fields that have another value now. */
  readonly taken: ReadonlyMap<string, FieldSet>;
  /** Without `taken` and without fields that are gone; managers who own nothing any more are left out. */
  readonly managers: Managers;
}

/**
 * How a change from `previous` to `next` affects `managers`, but for `self`, who made it (structured-merge-diff
 * merge/update.go). Throws ListItemError.
 */
export function change(
  objects: { readonly previous: unknown; readonly next: unknown },
  shape: Shape,
  reset: FieldSet,
  managers: Managers,
  self: string | undefined,
): Change {
  const all = compare(objects.previous, objects.next, shape);
  const comparison: Comparison = {
    added: outside(all.added, reset),
    removed: outside(all.removed, reset),
    modified: outside(all.modified, reset),
  };
  const touched = union(comparison.modified, comparison.added);
  const taken = new Map<string, FieldSet>();
  const remaining = new Map<string, Manager>();
  for (const [id, manager] of managers) {
    let { fields } = manager;
    if (id !== self) {
      const lost = intersection(fields, touched);
      if (!isEmptySet(lost)) taken.set(id, lost);
      fields = difference(difference(fields, lost), comparison.removed);
    }
    if (!isEmptySet(fields)) remaining.set(id, { ...manager, fields });
  }
  return { comparison, taken, managers: remaining };
}
