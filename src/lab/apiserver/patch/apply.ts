import type { StatusCause } from '../../../kubernetes/status.ts';
import { type ApiObject, groupVersion, type JsonObject } from '../../api-object.ts';
import { applyConflict, badRequest } from '../api-error.ts';
import type { ServedType } from '../served-type.ts';
import { applyProblem, groupVersionKind } from './apply-problem.ts';
import { completed, emptyObject } from './empty-objects.ts';
import {
  difference,
  type FieldSet,
  intersection,
  isEmptySet,
  NO_FIELDS,
  outside,
  pathsOf,
  union,
} from './field-set.ts';
import { fieldsOf } from './fields-of.ts';
import { equalJson, isObject, member } from './json.ts';
import { type Manager, type Managers, managedFields, managerId, parseManagers } from './managers.ts';
import { mergeApplied } from './merge-applied.ts';
import { omitEmpty } from './omit-empty.ts';
import { change, owned, resetFields } from './ownership.ts';
import type { Shape } from './shape.ts';
import { shapeOf } from './shape-of.ts';
import { updated } from './track-update.ts';
import { withoutFields, withStructs } from './without-fields.ts';

export interface Apply {
  readonly configuration: JsonObject;
  /** Undefined when the object has yet to be created. */
  readonly current: ApiObject | undefined;
  readonly type: ServedType;
  readonly fieldManager: string;
  /** Takes fields from other managers instead of failing. */
  readonly force: boolean;
  /** RFC 3339 with whole seconds. */
  readonly now: string;
  /** '' for the object itself. */
  readonly subresource: string;
}

/**
 * What server-side apply makes of `current`: the configuration merged in, without what the same manager had applied before
 * and nobody else owns, and with its managedFields. The metadata of a new object is only what was applied. Throws ApiError
 * 400 for a configuration that cannot be applied, 409 when it changes fields of other managers.
 */
export function apply(request: Apply): ApiObject {
  const { configuration, current, type, fieldManager: name, subresource } = request;
  const shape = shapeOf(type);
  const apiVersion = String(member(configuration, 'apiVersion'));
  requireApplicable(configuration, type, shape);

  const live = withoutManagedFields(current ?? { apiVersion, kind: type.kind });
  const before = managersOf(request, live, shape);
  const reset = resetFields(type, subresource);
  const self = { name, operation: 'Apply', apiVersion, subresource } as const;
  const id = managerId(self);
  const last = before.get(id);
  const fields = outside(fieldsOf(configuration, shape), reset);
  const claimed = new Map(before).set(id, { ...self, time: last?.time, fields });

  const merged = mergeApplied(live, configuration, shape);
  const pruned = last === undefined ? merged : prune(merged, shape, last.fields, claimed);
  const inMemory = (object: unknown) => completed(type, type.kind, object);
  const { managers, taken } = change({ previous: inMemory(live), next: inMemory(pruned) }, shape, reset, claimed, id);
  if (!request.force && taken.size > 0) throw conflictOf(taken, claimed);

  const mine = owned(fields);
  const after = new Map(managers);
  if (isEmptySet(mine)) after.delete(id);
  else {
    const time = equalJson(live, pruned) ? last?.time : request.now;
    after.set(id, { ...self, time, fields: mine });
  }
  return withManagedFields(type.custom === undefined ? omitEmpty(pruned) : pruned, after);
}

function requireApplicable(configuration: JsonObject, type: ServedType, shape: Shape): void {
  const sent = groupVersionKind(configuration);
  if (sent !== groupVersionKind({ apiVersion: groupVersion(type), kind: type.kind })) {
    throw badRequest(`invalid object type: ${sent}`);
  }
  const metadata = member(configuration, 'metadata');
  if (isObject(metadata) && Object.hasOwn(metadata, 'managedFields') && metadata['managedFields'] !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const problem = applyProblem(configuration, shape);
  if (problem !== undefined) throw problem;
}

/** Who owned what so far. Of an object that nobody ever tracked, all fields belong to `before-first-apply`. */
function managersOf({ current, configuration, type, now }: Apply, live: JsonObject, shape: Shape): Managers {
  const known = parseManagers(current?.metadata.managedFields ?? []) ?? new Map();
  if (known.size > 0 || current === undefined) return known;
  const apiVersion = String(member(configuration, 'apiVersion'));
  const by = { manager: 'before-first-apply', apiVersion, subresource: '', time: now };
  return updated(
    { previous: emptyObject(type, type.kind), next: completed(type, type.kind, live) },
    shape,
    NO_FIELDS,
    known,
    by,
  );
}

/** `merged` without what the manager owned by its `last` configuration and neither it nor another one claims now. */
function prune(merged: unknown, shape: Shape, last: FieldSet, claimed: Managers): unknown {
  const formerly = withStructs(last, shape);
  const present = withStructs(fieldsOf(merged, shape), shape);
  const claims = [...claimed.values()].map(({ fields }) => fields).reduce(union, NO_FIELDS);
  const pruned = withoutFields(merged, formerly, shape);
  const kept = union(withStructs(fieldsOf(pruned, shape), shape), withStructs(claims, shape));
  const withClaimed = withoutFields(merged, difference(present, kept), shape);
  // What went with its parent, but was not the manager's, comes back.
  const gone = difference(present, withStructs(fieldsOf(withClaimed, shape), shape));
  return withoutFields(merged, intersection(gone, formerly), shape);
}

function conflictOf(taken: ReadonlyMap<string, FieldSet>, managers: Managers) {
  const conflicts = [...taken]
    .map(([id, fields]) => ({ manager: described(managers.get(id)), paths: pathsOf(fields) }))
    .toSorted((left, right) => (left.manager < right.manager ? -1 : 1));
  const causes: StatusCause[] = conflicts.flatMap(({ manager, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${manager}`, field })),
  );
  const [only, ...others] = causes;
  if (only !== undefined && others.length === 0) {
    return applyConflict(`Apply failed with 1 conflict: ${only.message}: ${only.field}`, causes);
  }
  const lines = conflicts.flatMap(({ manager, paths }) => [
    `conflicts with ${manager}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  return applyConflict(`Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`, causes);
}

function described(manager: Manager | undefined): string {
  if (manager === undefined) return '""';
  const { name, operation, apiVersion, subresource } = manager;
  const who = `${JSON.stringify(name)}${subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`}`;
  return operation === 'Update' ? `${who} using ${apiVersion}` : who;
}

function withoutManagedFields(object: ApiObject | JsonObject): JsonObject {
  const metadata = member(object, 'metadata');
  if (!isObject(metadata)) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}

function withManagedFields(object: unknown, managers: Managers): ApiObject {
  const entries = managedFields(managers);
  const whole = object as ApiObject;
  return entries.length === 0 ? whole : { ...whole, metadata: { ...whole.metadata, managedFields: entries } };
}
