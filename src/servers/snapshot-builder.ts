import type { MergeInput } from '../discovery/merge.ts';
import type { PublishedDiscovery } from '../discovery/published-discovery.ts';
import { buildResourceTable, type ResourceTable } from '../discovery/resource-table.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { compareServerVersions, type ServerVersion } from '../kubernetes/kube-version.ts';
import type { OpenAPIListing } from '../openapi/openapi-union.ts';
import type { Backend, ProxySnapshot } from '../proxy/proxy-snapshot.ts';
import type { PublishedOpenAPI } from '../proxy/published-openapi.ts';
import { buildGroupIndex, type GroupIndex } from '../routing/group-index.ts';
import type { ServerOpenAPI } from './openapi/openapi-reader.ts';

/** What the snapshot needs of one server at one moment. */
export interface ServerReport {
  readonly name: string;
  readonly local: boolean;
  readonly version: ServerVersion | undefined;
  readonly ready: boolean;
  readonly condition: string;
  readonly discovery: ServerDiscovery | undefined;
  /** As which version, and with what, the merged view shows it. */
  readonly announced: { readonly version: ServerVersion | undefined; readonly discovery: ServerDiscovery | undefined };
  /** Epoch milliseconds at which the last good reading of discovery began; 0 when it was never read. */
  readonly readAt: number;
  /** The last attempt to read it succeeded. */
  readonly readable: boolean;
  /** Epoch milliseconds at which it ended. */
  readonly confirmedAt: number;
  readonly backend: Backend;
  /** Its OpenAPI documents; undefined when it was forgotten. */
  readonly openapi: ServerOpenAPI | undefined;
}

export interface SnapshotInput {
  readonly generation: number;
  readonly reports: readonly ServerReport[];
  readonly view: ProxySnapshot['view'];
  readonly published: PublishedDiscovery | undefined;
  /** Of the same servers. */
  readonly openapi: { readonly listing: OpenAPIListing; readonly published: PublishedOpenAPI | undefined };
  readonly incompleteUntil: number;
}

/** Newest version first, ties and the unknown by name; the order in which all tables count servers. */
export function inSnapshotOrder(reports: readonly ServerReport[]): ServerReport[] {
  return [...reports].sort(
    (left, right) => -compareVersions(left.version, right.version) || (left.name < right.name ? -1 : 1),
  );
}

/** Builds what the request path reads. `tables` may be those of the snapshot before, if no discovery or order changed. */
export function buildSnapshot(input: SnapshotInput, tables: RoutingTables): ProxySnapshot {
  const reports = inSnapshotOrder(input.reports);
  let ageRank = 0;
  const servers = reports.map(({ name, version, ready, condition, discovery, readAt, readable }, position) => {
    const newer = reports[position - 1];
    if (newer !== undefined && compareVersions(newer.version, version) !== 0) ageRank++;
    return { name, version, ageRank, ready, condition, known: discovery !== undefined, readAt, readable };
  });
  const local = reports.findIndex((report) => report.local);
  return {
    generation: input.generation,
    servers,
    positions: new Map(servers.map(({ name }, position) => [name, position])),
    table: tables.table,
    groups: tables.groups,
    openapi: input.openapi.listing,
    local: local === -1 ? undefined : local,
    view: input.view,
    confirmedAt: Math.min(...reports.filter(({ ready }) => ready).map(({ confirmedAt }) => confirmedAt)),
    incompleteUntil: servers.every(({ known }) => known) ? 0 : input.incompleteUntil,
    backends: reports.map(({ backend }) => backend),
    published: input.published,
    publishedOpenAPI: input.openapi.published,
  };
}

export interface RoutingTables {
  readonly table: ResourceTable;
  readonly groups: GroupIndex;
}

export function buildTables(reports: readonly ServerReport[]): RoutingTables {
  const inputs = inSnapshotOrder(reports).flatMap(({ discovery }, server) =>
    discovery === undefined ? [] : [{ server, discovery }],
  );
  return { table: buildResourceTable(inputs), groups: buildGroupIndex(inputs) };
}

/** The merge's view of the servers; `staleAfterMs` after its last confirmation a server vouches for nothing. */
export function mergeInputs(reports: readonly ServerReport[], now: number, staleAfterMs: number): MergeInput[] {
  return reports.flatMap(({ name, ready, announced: { version, discovery }, confirmedAt }) =>
    discovery === undefined
      ? []
      : [{ server: name, version, ready, fresh: now - confirmedAt < staleAfterMs, discovery }],
  );
}

function compareVersions(left: ServerVersion | undefined, right: ServerVersion | undefined): number {
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined);
  return compareServerVersions(left, right);
}
