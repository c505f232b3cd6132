import { type GroupVersionResource, groupVersionPath } from '../api-object.ts';

/** Which collection, object or subresource; `namespace` '' or absent means cluster-wide. */
export interface ResourcePlace {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** `/apis/apps/v1/namespaces/default/deployments/web/status` */
export function resourcePath(type: GroupVersionResource, place: ResourcePlace = {}): string {
  const { namespace = '', name, subresource } = place;
  const segments = [groupVersionPath(type)];
  if (namespace !== '') segments.push('namespaces', encodeURIComponent(namespace));
  segments.push(type.resource);
  if (name !== undefined) segments.push(encodeURIComponent(name));
  if (subresource !== undefined) segments.push(subresource);
  return segments.join('/');
}

/** A request target: `path` with those `parameters` that are defined. */
export function withQuery(path: string, parameters: Readonly<Record<string, string | number | boolean | undefined>>) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** `{ group: 'apps', version: 'v1' }` of `apps/v1`; the core group of `v1`. */
export function parseGroupVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1) };
}
