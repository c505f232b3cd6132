import type { ApiObject, JsonObject, ManagedFieldsEntry } from '../../api-object.ts';
import type { ServedType } from '../served-type.ts';
import { builtInShape } from './built-in-shape.ts';
import { completed } from './empty-objects.ts';
import { type FieldSet, fieldSetOf, isEmptySet, NO_FIELDS, outside, union } from './field-set.ts';
import { ListItemError } from './list-items.ts';
import { capped, type Manager, type Managers, managedFields, managerId, parseManagers } from './managers.ts';
import { omitEmpty } from './omit-empty.ts';
import { change, owned, resetFields } from './ownership.ts';
import type { Shape } from './shape.ts';
import { shapeOf } from './shape-of.ts';

export interface TrackedUpdate {
  /** `fieldManager`, or the user agent's name; '' becomes `unknown`. */
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** RFC 3339 with whole seconds. */
  readonly time: string;
  /** Of the objects. Without it they are taken for a built-in kind all of whose fields the request may change. */
  readonly type?: ServedType | undefined;
}

/**
 * The managedFields of `next`, which a create (`previous` undefined), update or patch other than an apply makes of
 * `previous`. `next` has the managedFields of the request, whether it is sent with those of `previous`, others or none: they
 * count unless they are malformed or of a subresource; an empty list or `[{}]` resets them, and then nothing is tracked
 * until the next apply (apimachinery pkg/util/managedfields).
 */
export function trackUpdate(
  previous: ApiObject | undefined,
  next: ApiObject,
  { type, ...update }: TrackedUpdate,
): ManagedFieldsEntry[] {
  const managers = recorded(previous, next, update.subresource !== '');
  if (managers.size === 0 && previous !== undefined) return [];
  const shape = type === undefined ? builtInShape(next.kind) : shapeOf(type);
  const reset = type === undefined ? fieldSetOf([]) : resetFields(type, update.subresource);
  try {
    const objects = { previous: inMemory(previous ?? {}, next.kind, type), next: inMemory(next, next.kind, type) };
    return managedFields(capped(updated(objects, shape, reset, managers, update)));
  } catch (error) {
    if (error instanceof ListItemError) return [...(previous?.metadata.managedFields ?? [])];
    throw error;
  }
}

/** What a create or update did not mention, or left empty, is no change of anybody. */
function inMemory(object: ApiObject | JsonObject, kind: string, type: ServedType | undefined): unknown {
  return type?.custom === undefined ? completed(type, kind, omitEmpty(object)) : object;
}

function recorded(previous: ApiObject | undefined, next: ApiObject, isSubresource: boolean): Managers {
  const old = parseManagers(previous?.metadata.managedFields ?? []) ?? new Map();
  const { managedFields: sent } = next.metadata;
  if (isSubresource || sent === undefined || sent === null) return old;
  const [first, ...others] = sent;
  if (first === undefined || (others.length === 0 && Object.keys(first).length === 0)) return new Map();
  const managers = parseManagers(sent);
  return managers === undefined || managers.size === 0 ? old : managers;
}

/** `managers` after an update by one of them: it owns what it changed, and nobody what is gone. */
export function updated(
  objects: { readonly previous: unknown; readonly next: unknown },
  shape: Shape,
  reset: FieldSet,
  managers: Managers,
  { manager: name, apiVersion, subresource, time }: Omit<TrackedUpdate, 'type' | 'operation'>,
): Managers {
  const { comparison, managers: remaining } = change(objects, shape, reset, managers, undefined);
  const fields = owned(outside(union(comparison.modified, comparison.added), reset));
  if (isEmptySet(fields)) return remaining;
  const self = { name: name || 'unknown', operation: 'Update', apiVersion, subresource } as const;
  const id = managerId(self);
  const mine: Manager = { ...self, time, fields: union(fields, remaining.get(id)?.fields ?? NO_FIELDS) };
  return new Map([...remaining, [id, mine]]);
}
