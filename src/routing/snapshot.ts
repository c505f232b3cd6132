import type { ResourceTable } from '../discovery/resource-table.ts';
import type { ServerVersion } from '../kubernetes/kube-version.ts';
import type { OpenAPIListing } from '../openapi/openapi-union.ts';
import type { GroupIndex } from './group-index.ts';

/** One server as a decision sees it. */
export interface RoutableServer {
  readonly name: string;
  readonly version: ServerVersion | undefined;
  /** Equal for servers of equal version, greater for older ones. */
  readonly ageRank: number;
  readonly ready: boolean;
  /** Why it is not ready, for messages; '' while it is. */
  readonly condition: string;
  /** Its discovery has been read at least once. */
  readonly known: boolean;
  /** Epoch milliseconds at which the last good reading of its discovery began: it saw everything older. 0: never read. */
  readonly readAt: number;
  /** Its discovery could be read when it was last tried. */
  readonly readable: boolean;
}

/**
 * Everything a decision depends on besides the request: immutable, built by the control path and swapped as one.
 * Servers stand newest version first (ties by name), and tables refer to them by that position.
 */
export interface RoutingSnapshot {
  readonly generation: number;
  readonly servers: readonly RoutableServer[];
  /** Position of each server by name. */
  readonly positions: ReadonlyMap<string, number>;
  readonly table: ResourceTable;
  readonly groups: GroupIndex;
  readonly openapi: OpenAPIListing;
  /** Position of the local server (sidecar topology). */
  readonly local: number | undefined;
  /** `server-local`: peer traffic cannot be authenticated, so each client is served by its preferred server alone. */
  readonly view: 'merged' | 'server-local';
  /** Epoch milliseconds at which the least recently confirmed table of a ready server was confirmed. */
  readonly confirmedAt: number;
  /**
   * Epoch milliseconds until which an unknown type is answered 503 instead of 404, because some server has not been
   * seen since we started and might serve it. 0 when every server is known.
   */
  readonly incompleteUntil: number;
}
