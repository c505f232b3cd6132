import assert from 'node:assert/strict';
import type { Discovery } from '../support/aggregated-discovery.ts';

/** All fields of an entry but the lists of entries below it. */
export type EntryContent = Readonly<Record<string, unknown>>;

/** What one list holds in two orders, without what is equal at its beginning and at its end. */
export interface Reordered {
  readonly native: readonly string[];
  readonly ours: readonly string[];
}

/** Every group, version, resource and subresource by its place. */
export function contentOf({ items }: Discovery): Map<string, EntryContent> {
  const content = new Map<string, EntryContent>();
  const add = (place: string, entry: EntryContent) => {
    assert.ok(!content.has(place), `${place} is listed twice`);
    content.set(place, entry);
  };
  for (const { versions, ...group } of items) {
    const name = group.metadata.name ?? '';
    add(name, group);
    for (const { resources = [], ...version } of versions) {
      add(`${name}/${version.version}`, version);
      for (const { subresources = [], ...resource } of resources) {
        const place = `${name}/${version.version}/${resource.resource}`;
        add(place, { ...resource, verbs: new Set(resource.verbs) });
        for (const one of subresources) add(`${place}/${one.subresource}`, { ...one, verbs: new Set(one.verbs) });
      }
    }
  }
  return content;
}

/** Every list of names and verbs by its place, such as `versions of apps`. */
export function ordersOf({ items }: Discovery): Map<string, readonly string[]> {
  const orders = new Map<string, readonly string[]>([['groups', items.map(({ metadata }) => metadata.name ?? '')]]);
  for (const { metadata, versions } of items) {
    const names = versions.map(({ version }) => version);
    orders.set(`versions of ${metadata.name}`, names);
    for (const { version, resources = [] } of versions) {
      const list = `${metadata.name}/${version}`;
      const names = resources.map(({ resource }) => resource);
      orders.set(`resources of ${list}`, names);
      for (const { resource, verbs, subresources = [] } of resources) {
        const place = `${list}/${resource}`;
        const names = subresources.map(({ subresource }) => subresource);
        orders.set(`verbs of ${place}`, verbs).set(`subresources of ${place}`, names);
        for (const { subresource, verbs } of subresources) orders.set(`verbs of ${place}/${subresource}`, verbs);
      }
    }
  }
  return orders;
}

/** The lists of `ours` that `native` has in another order, or not with the same names, by their place. */
export function reorderedLists(ours: Discovery, native: Discovery): Record<string, Reordered> {
  const theirs = ordersOf(native);
  const differing = [...ordersOf(ours)].map(
    ([place, list]) => [place, difference(theirs.get(place) ?? [], list)] as const,
  );
  return Object.fromEntries(differing.filter(([, { native, ours }]) => native.length + ours.length > 0));
}

function difference(native: readonly string[], ours: readonly string[]): Reordered {
  let start = 0;
  while (start < native.length && native[start] === ours[start]) start++;
  const [left, right] = [native.slice(start), ours.slice(start)];
  while (left.length > 0 && left.at(-1) === right.at(-1)) {
    left.pop();
    right.pop();
  }
  return { native: left, ours: right };
}
