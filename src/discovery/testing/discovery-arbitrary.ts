import fc from 'fast-check';
import {
  type APIGroupDiscovery,
  type APIResourceDiscovery,
  type APISubresourceDiscovery,
  type APIVersionDiscovery,
  apiGroup,
  apiResource,
  apiSubresource,
  apiVersion,
  type GroupVersionKind,
} from '../../kubernetes/aggregated-discovery.ts';
import type { MergeInput } from '../merge.ts';
import { serverDiscovery } from '../server-discovery.ts';

/*
 * Few names, so that servers overlap and contradict each other; among them ones that an object used as a map would trip
 * over, and ones that JSON must escape.
 */
const GROUPS = ['apps', 'batch', 'example.com', 'k8s.io', '__proto__'];
const VERSIONS = ['v2', 'v1', 'v2beta1', 'v1beta1', 'v1beta2', 'v1alpha1', 'latest'];
const RESOURCES = ['a', 'b', 'c', 'd', 'constructor', '<&>\u2028'];
const SUBRESOURCES = ['status', 'scale', 'exec', 'proxy'];
export const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

const some = <T>(names: readonly T[], maxLength = names.length) =>
  fc.uniqueArray(fc.constantFrom(...names), { maxLength });
const kind: fc.Arbitrary<GroupVersionKind> = fc.record({
  group: fc.constantFrom('', 'apps'),
  version: fc.constantFrom('', 'v1'),
  kind: fc.constantFrom('', 'A', 'B'),
});
const responseKind = fc.option(kind, { nil: undefined });

/** Lists of uniquely named entries, half of them alphabetical as kube-apiserver's are. */
function listOf<T>(names: readonly string[], entry: (name: string) => fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> {
  return fc
    .tuple(some(names, 4), fc.boolean())
    .chain(([chosen, sorted]) => fc.tuple(...(sorted ? chosen.sort() : chosen).map(entry)));
}

const subresource = (name: string): fc.Arbitrary<APISubresourceDiscovery> =>
  fc
    .record({
      responseKind,
      acceptedTypes: fc.uniqueArray(kind, { maxLength: 2, selector: ({ kind: k }) => k }),
      verbs: some(VERBS, 3),
    })
    .map((fields) => apiSubresource({ subresource: name, ...fields }));

const resource = (name: string): fc.Arbitrary<APIResourceDiscovery> =>
  fc
    .record({
      responseKind,
      scope: fc.constantFrom('Namespaced', 'Cluster'),
      singularResource: fc.constantFrom('', 'one'),
      verbs: some(VERBS, 4),
      shortNames: some(['x', 'y']),
      categories: some(['all']),
      subresources: listOf(SUBRESOURCES, subresource),
    })
    .map((fields) => apiResource({ resource: name, ...fields }));

const version = (name: string): fc.Arbitrary<APIVersionDiscovery> =>
  fc
    .record({ resources: listOf(RESOURCES, resource), freshness: fc.constantFrom('Current', 'Stale') })
    .map((fields) => apiVersion({ version: name, ...fields }));

const group = (name: string): fc.Arbitrary<APIGroupDiscovery> =>
  listOf(VERSIONS, version).map((versions) => apiGroup(name, versions));

/** What one server may serve. */
export const discoveries = fc
  .tuple(listOf([''], group), listOf(GROUPS, group))
  .map(([api, apis]) => serverDiscovery(api, apis));

const serverVersion = fc.option(
  fc.record({ major: fc.constant(1), minor: fc.constantFrom(34, 36, 37), patch: fc.constantFrom(0, 1) }),
  { nil: undefined },
);

/** Up to four servers of any age, health and content. */
export const mergeInputs: fc.Arbitrary<readonly MergeInput[]> = fc.uniqueArray(
  fc.record({
    server: fc.constantFrom('s1', 's2', 's3', 's4'),
    version: serverVersion,
    ready: fc.boolean(),
    fresh: fc.boolean(),
    discovery: discoveries,
  }),
  { maxLength: 4, selector: ({ server }) => server },
);
