import {
  type APIResourceDiscovery,
  type APISubresourceDiscovery,
  apiResource,
  apiSubresource,
  type GroupVersionKind,
} from '../kubernetes/aggregated-discovery.ts';
import { type DiscoveryConflict, type DiscoveryPlace, fullKind, reportConflict } from './conflict.ts';
import { type HeldByServers, mergeByName, pick } from './held.ts';
import { mergeNameOrders } from './order.ts';

/** Merges one resource as its servers describe it, newest first; adds to `conflicts` where they contradict each other. */
export function mergeResource(
  place: { readonly group: string; readonly version: string; readonly resource: string },
  held: HeldByServers<APIResourceDiscovery>,
  conflicts: DiscoveryConflict[],
): APIResourceDiscovery {
  const at = { ...place, subresource: '' };
  const described = describedFirst(held);
  reportConflict(
    conflicts,
    at,
    'scope',
    pick(described, (entry) => entry.scope),
  );
  reportKinds(conflicts, at, described);
  return apiResource({
    ...described[0].value,
    verbs: mergeVerbs(held),
    subresources: mergeByName(
      pick(held, (entry) => entry.subresources ?? []),
      (entry) => entry.subresource,
      mergeNameOrders,
      (subresource, same) => mergeSubresource({ ...place, subresource }, same, conflicts),
    ),
  });
}

function mergeSubresource(
  at: DiscoveryPlace,
  held: HeldByServers<APISubresourceDiscovery>,
  conflicts: DiscoveryConflict[],
): APISubresourceDiscovery {
  const described = describedFirst(held);
  reportKinds(conflicts, at, described);
  return apiSubresource({
    ...described[0].value,
    acceptedTypes: mergeAcceptedTypes(at, held),
    verbs: mergeVerbs(held),
  });
}

/** Those whose entry says what kind it is, or all if none does: a converted document can hold a resource by name only. */
function describedFirst<T extends { readonly responseKind?: GroupVersionKind }>(
  held: HeldByServers<T>,
): HeldByServers<T> {
  const [first, ...rest] = held.filter(({ value }) => hasKind(value.responseKind));
  return first === undefined ? held : [first, ...rest];
}

function hasKind(kind: GroupVersionKind | undefined): boolean {
  return kind !== undefined && kind.kind !== '';
}

function reportKinds(
  conflicts: DiscoveryConflict[],
  at: DiscoveryPlace,
  described: HeldByServers<{ readonly responseKind?: GroupVersionKind }>,
): void {
  const kinds = pick(described, ({ responseKind }) => (responseKind === undefined ? '' : fullKind(at, responseKind)));
  reportConflict(conflicts, at, 'responseKind', kinds);
}

function mergeVerbs(held: HeldByServers<{ readonly verbs: readonly string[] }>): readonly string[] {
  const [{ value: newest }, ...rest] = held;
  const equal = rest.every(
    ({ value: { verbs } }) =>
      verbs.length === newest.verbs.length && verbs.every((verb, i) => verb === newest.verbs[i]),
  );
  return equal ? newest.verbs : [...new Set(held.flatMap(({ value }) => value.verbs))].sort();
}

function mergeAcceptedTypes(
  at: DiscoveryPlace,
  held: HeldByServers<APISubresourceDiscovery>,
): readonly GroupVersionKind[] {
  const types = new Map<string, GroupVersionKind>();
  for (const { value } of held) {
    for (const type of value.acceptedTypes ?? []) {
      const key = fullKind(at, type);
      if (!types.has(key)) types.set(key, type);
    }
  }
  return [...types.values()];
}
