import { buildResourceTable } from '../../discovery/resource-table.ts';
import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import { discoveryOf, type Listing } from '../../discovery/testing/discovery-of.ts';
import { openAPIAddress } from '../../openapi/openapi-index.ts';
import { uniteOpenAPI } from '../../openapi/openapi-union.ts';
import { buildGroupIndex } from '../group-index.ts';
import type { RoutingHint } from '../routing-hint.ts';
import type { RoutingSnapshot } from '../snapshot.ts';

/** One server in a few words. */
export interface ServerSketch {
  readonly name?: string;
  /** Of version 1.MINOR.0; absent: it did not tell. */
  readonly minor?: number | undefined;
  /** Absent: its discovery was never read. */
  readonly serves?: Listing | undefined;
  /** Instead of `serves`. */
  readonly discovery?: ServerDiscovery | undefined;
  /** Paths below `/openapi/v3/` that its index lists; absent: its index was never read. */
  readonly openapi?: readonly string[] | undefined;
  /** Its OpenAPI does not answer. */
  readonly isOpenAPIFailing?: boolean;
  /** Default true. */
  readonly ready?: boolean;
}

/** A snapshot of servers, newest first as everywhere. */
export function snapshotOf(
  sketches: readonly ServerSketch[],
  overrides: Partial<RoutingSnapshot> = {},
): RoutingSnapshot {
  const discoveries = sketches.map(({ serves, discovery }) => discovery ?? (serves && discoveryOf(serves)));
  const inputs = discoveries.flatMap((discovery, server) => (discovery === undefined ? [] : [{ server, discovery }]));
  let ageRank = 0;
  const servers = sketches.map(({ name, minor, ready = true }, position) => {
    if (position > 0 && sketches[position - 1]?.minor !== minor) ageRank++;
    return {
      name: name ?? `server-${position}`,
      version: minor === undefined ? undefined : { major: 1, minor, patch: 0 },
      ageRank,
      ready,
      condition: ready ? '' : 'down',
      known: discoveries[position] !== undefined,
      readAt: 0,
      readable: true,
    };
  });
  return {
    generation: 1,
    servers,
    positions: new Map(servers.map(({ name }, position) => [name, position])),
    table: buildResourceTable(inputs),
    groups: buildGroupIndex(inputs),
    openapi: uniteOpenAPI(sketches.map(openAPIOf), String),
    local: undefined,
    view: 'merged',
    confirmedAt: 0,
    incompleteUntil: 0,
    ...overrides,
  };
}

function openAPIOf({ name, openapi, isOpenAPIFailing: isFailing }: ServerSketch) {
  const entries = openapi?.map((path) => [path, { url: openAPIAddress(path, `${name}`), hash: `${name}` }] as const);
  return { index: entries && new Map(entries), discovery: undefined, isFailing };
}

/** A hint of a request that nothing was tried for and that finds all servers idle. */
export function hintOf(preferred: number | undefined, overrides: Partial<RoutingHint> = {}): RoutingHint {
  return { preferred, tried: new Set(), alreadyProxied: false, load: () => 0, draw: 0, now: 1_000, ...overrides };
}
