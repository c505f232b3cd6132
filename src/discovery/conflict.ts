import type { GroupVersionKind } from '../kubernetes/aggregated-discovery.ts';
import type { Held } from './held.ts';

export interface DiscoveryPlace {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' for the resource itself. */
  readonly subresource: string;
}

/** Servers that disagree about what a resource is. */
export interface DiscoveryConflict extends DiscoveryPlace {
  readonly field: 'scope' | 'responseKind';
  /** What each server with the entry says, newest server first; the first is published. A kind reads `GROUP/VERSION KIND`. */
  readonly values: readonly { readonly server: string; readonly value: string }[];
}

/** Adds a conflict if the servers do not all say the same. */
export function reportConflict(
  conflicts: DiscoveryConflict[],
  place: DiscoveryPlace,
  field: DiscoveryConflict['field'],
  held: readonly Held<string>[],
): void {
  if (held.every(({ value }) => value === held[0]?.value)) return;
  const values = held
    .flatMap(({ holders, value }) => holders.map(({ server, rank }) => ({ server, rank, value })))
    .sort((left, right) => left.rank - right.rank)
    .map(({ server, value }) => ({ server, value }));
  conflicts.push({ ...place, field, values });
}

/** A kind in full, for comparing: an empty group and version mean those it is listed under. */
export function fullKind(
  listedUnder: { readonly group: string; readonly version: string },
  kind: GroupVersionKind,
): string {
  const { group, version } = kind.group === '' && kind.version === '' ? listedUnder : kind;
  return `${group === '' ? version : `${group}/${version}`} ${kind.kind}`;
}
