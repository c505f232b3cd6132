/**
 * The pure core of the Mixed Version Proxy: parse a request, read and merge API discovery, decide where a request goes.
 * No I/O; runs wherever ECMAScript does.
 */
export type { DiscoveryConflict } from './discovery/conflict.ts';
export { type MergedDiscovery, type MergeInput, mergeDiscovery } from './discovery/merge.ts';
export type { ResourceLookup } from './discovery/resource-lookup.ts';
export { buildResourceTable, type ResourceTable } from './discovery/resource-table.ts';
export { type ServerDiscovery, serverDiscovery } from './discovery/server-discovery.ts';
export { ERRORS, type ErrorCode, ProxyError } from './errors.ts';
export {
  type APIGroupDiscovery,
  type APIGroupDiscoveryList,
  type APIResourceDiscovery,
  type APISubresourceDiscovery,
  type APIVersionDiscovery,
  type GroupVersionKind,
  parseAggregatedDiscovery,
} from './kubernetes/aggregated-discovery.ts';
export { type DiscoveryForm, negotiateDiscovery } from './kubernetes/discovery-accept.ts';
export { DiscoveryDocumentError } from './kubernetes/discovery-document.ts';
export { compareServerVersions, parseServerVersion, type ServerVersion } from './kubernetes/kube-version.ts';
export { type RequestInfo, RequestInfoError, requestInfo } from './kubernetes/request-info.ts';
export { isUnknownResourceNotFound } from './kubernetes/unknown-resource.ts';
export { decide } from './routing/decide.ts';
export type { Decision, ForwardReason, UnavailableReason } from './routing/decision.ts';
export { buildGroupIndex, type GroupIndex } from './routing/group-index.ts';
export type { RoutingHint } from './routing/routing-hint.ts';
export type { RoutableServer, RoutingSnapshot } from './routing/snapshot.ts';
