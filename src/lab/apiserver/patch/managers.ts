import type { ManagedFieldsEntry } from '../../api-object.ts';
import { type FieldSet, fieldsV1, isEmptySet, parseFieldsV1, union } from './field-set.ts';

/** Entries of updates that an object keeps apart; the oldest beyond it become one. */
const MAX_UPDATERS = 10;

/** Who owns which fields of an object. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

export type Managers = ReadonlyMap<string, Manager>;

/** What tells managers apart: those who apply are the same in every version. */
export function managerId({ name, operation, apiVersion, subresource }: Omit<Manager, 'time' | 'fields'>): string {
  return JSON.stringify([name, operation, operation === 'Apply' ? '' : apiVersion, subresource]);
}

/** The managers that `entries` record; undefined when one of them is not of a known form. */
export function parseManagers(entries: readonly ManagedFieldsEntry[]): Managers | undefined {
  const managers = new Map<string, Manager>();
  for (const { manager: name = '', operation, apiVersion = '', subresource = '', time, ...entry } of entries) {
    if (operation !== 'Apply' && operation !== 'Update') return undefined;
    if (apiVersion === '' || entry.fieldsType !== 'FieldsV1') return undefined;
    try {
      const fields = parseFieldsV1(entry.fieldsV1 ?? {});
      const manager: Manager = { name, operation, apiVersion, subresource, time, fields };
      managers.set(managerId(manager), manager);
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
  return managers;
}

/** The `managedFields` for `managers`, in kube-apiserver's order: who applies first, then by time. */
export function managedFields(managers: Managers): ManagedFieldsEntry[] {
  return [...managers.values()]
    .filter(({ fields }) => !isEmptySet(fields))
    .toSorted(byPlace)
    .map(({ name, operation, apiVersion, subresource, time, fields }) => ({
      ...(name !== '' && { manager: name }),
      operation,
      apiVersion,
      ...(time !== undefined && { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: fieldsV1(fields),
      ...(subresource !== '' && { subresource }),
    }));
}

function byPlace(left: Manager, right: Manager): number {
  const place = ({ operation, time = '', name, apiVersion, subresource }: Manager) => [
    operation,
    time,
    name,
    apiVersion,
    subresource,
  ];
  const others = place(right);
  for (const [at, mine] of place(left).entries()) {
    const other = others[at] ?? '';
    if (mine !== other) return mine < other ? -1 : 1;
  }
  return 0;
}

/** At most ten entries of updates: the oldest of one version go into one, `ancient-changes`. */
export function capped(managers: Managers): Managers {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  let excess = updaters.length - MAX_UPDATERS;
  if (excess <= 0) return managers;
  const result = new Map(managers);
  const firsts = new Map<string, readonly [string, Manager]>();
  for (const [id, manager] of updaters.toSorted(byAge)) {
    if (excess <= 0) break;
    const { apiVersion, time } = manager;
    const first = firsts.get(apiVersion);
    if (first === undefined) {
      firsts.set(apiVersion, [id, manager]);
      continue;
    }
    const bucket = { name: 'ancient-changes', operation: 'Update', apiVersion, subresource: '' } as const;
    const bucketId = managerId(bucket);
    const older = result.get(bucketId) ?? first[1];
    result.delete(first[0]);
    result.delete(id);
    result.set(bucketId, { ...bucket, time, fields: union(older.fields, manager.fields) });
    excess--;
  }
  return result;
}

function byAge([leftId, { time: left = '' }]: [string, Manager], [rightId, { time: right = '' }]: [string, Manager]) {
  if (left !== right) return left < right ? -1 : 1;
  return leftId < rightId ? -1 : 1;
}
