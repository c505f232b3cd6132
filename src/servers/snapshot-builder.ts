import type { MergeInput } from '../discovery/merge.ts';
import type { PublishedDiscovery } from '../discovery/published-discovery.ts';
import { type ResourceTable, resourceTableOf } from '../discovery/resource-table.ts';
import { type ServedGroups, servedGroups } from '../discovery/served-groups.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { compareServerVersions, type ServerVersion } from '../kubernetes/kube-version.ts';
import type { OpenAPIListing } from '../openapi/openapi-union.ts';
import type { Backend, ProxySnapshot } from '../proxy/proxy-snapshot.ts';
import type { PublishedOpenAPI } from '../proxy/published-openapi.ts';
import { type GroupIndex, groupIndexOf } from '../routing/group-index.ts';
import type { RoutableServer } from '../routing/snapshot.ts';
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

interface RoutingTables {
  readonly served: ServedGroups;
  readonly table: ResourceTable;
  readonly groups: GroupIndex;
}

/**
 * Builds what the request path reads, one snapshot after the other. What did not change is taken over as the same object:
 * with hundreds of servers something is learned of one of them every few milliseconds.
 */
export class SnapshotBuilder {
  #ordered: Ordered = { reports: [], from: [] };
  #reports: readonly ServerReport[] = [];
  #servers: readonly RoutableServer[] = [];
  #positions: ReadonlyMap<string, number> = new Map();
  #backends: readonly Backend[] = [];
  #tables: RoutingTables | undefined;

  /** The reports in the snapshot's order. */
  order(reports: readonly ServerReport[]): readonly ServerReport[] {
    if (!haveEqualPlaces(reports, this.#ordered.reports)) {
      const places = new Map(reports.map((report, place) => [report, place]));
      this.#ordered = { reports, from: inSnapshotOrder(reports).map((report) => places.get(report) ?? 0) };
    }
    return this.#ordered.from.flatMap((place) => reports[place] ?? []);
  }

  /** @param input its reports in the snapshot's order. */
  build({ reports, ...input }: SnapshotInput): ProxySnapshot {
    const before = this.#reports;
    const isSameOrder = haveEqualPlaces(reports, before);
    if (!isSameOrder) this.#positions = new Map(reports.map(({ name }, position) => [name, position]));
    if (!isSameOrder || reports.some((report, i) => report !== before[i])) this.#take(reports, isSameOrder);
    this.#tables ??= tablesOf(reports, undefined);
    const { table, groups } = this.#tables;
    const local = reports.findIndex((report) => report.local);
    let confirmedAt = Number.POSITIVE_INFINITY;
    for (const report of reports) if (report.ready) confirmedAt = Math.min(confirmedAt, report.confirmedAt);
    return {
      generation: input.generation,
      servers: this.#servers,
      positions: this.#positions,
      table,
      groups,
      openapi: input.openapi.listing,
      local: local === -1 ? undefined : local,
      view: input.view,
      confirmedAt,
      incompleteUntil: this.#servers.every(({ known }) => known) ? 0 : input.incompleteUntil,
      backends: this.#backends,
      published: input.published,
      publishedOpenAPI: input.openapi.published,
    };
  }

  #take(reports: readonly ServerReport[], isSameOrder: boolean): void {
    const before = this.#reports;
    const known = isSameOrder ? this.#servers : [];
    let ageRank = 0;
    this.#servers = reports.map((report, position) => {
      const newer = reports[position - 1];
      if (newer !== undefined && compareVersions(newer.version, report.version) !== 0) ageRank++;
      const same = known[position];
      return same !== undefined && report === before[position] ? same : routable(report, ageRank);
    });
    this.#backends = reports.map(({ backend }) => backend);
    const areSameDocuments = isSameOrder && reports.every(({ discovery }, i) => discovery === before[i]?.discovery);
    if (!areSameDocuments) this.#tables = tablesOf(reports, this.#tables?.served);
    this.#reports = reports;
  }
}

/** An order of servers, and the place that each of them arrived in. */
interface Ordered {
  readonly reports: readonly ServerReport[];
  readonly from: readonly number[];
}

/** Whether both are of the same servers of the same versions, in one order. */
function haveEqualPlaces(one: readonly ServerReport[], other: readonly ServerReport[]): boolean {
  return (
    one.length === other.length &&
    one.every((report, i) => {
      const same = other[i];
      return (
        report === same ||
        (report.name === same?.name &&
          (report.version === same.version || compareVersions(report.version, same.version) === 0))
      );
    })
  );
}

function routable(report: ServerReport, ageRank: number): RoutableServer {
  const { name, version, ready, condition, discovery, readAt, readable } = report;
  return { name, version, ageRank, ready, condition, known: discovery !== undefined, readAt, readable };
}

function tablesOf(reports: readonly ServerReport[], previous: ServedGroups | undefined): RoutingTables {
  const documents = reports.flatMap(({ discovery }, server) =>
    discovery === undefined ? [] : [{ server, discovery }],
  );
  const served = servedGroups(documents, previous);
  return { served, table: resourceTableOf(served), groups: groupIndexOf(served) };
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
