import type { APIGroupDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import type { JsonObject } from '../api-object.ts';

/** What one API server says about itself: enough to play its part in a lab. Pure data; on disk it is one directory. */
export interface Recording {
  /** `1.34.4`, from `gitVersion` without the leading v. */
  readonly version: string;
  /** The `/version` document. */
  readonly versionInfo: JsonObject;
  /** Items of the aggregated discovery document (v2) of `/api`: the core group. */
  readonly api: readonly APIGroupDiscovery[];
  /** Items of the aggregated discovery document (v2) of `/apis`. */
  readonly apis: readonly APIGroupDiscovery[];
  /**
   * As which version the server writes each stored resource: `storageVersionHash` by group-version (`apps/v1`, core `v1`)
   * and resource; absent when it was not recorded.
   */
  readonly storageVersions?: StorageVersionHashes | undefined;
  /** OpenAPI v3 schemas (`components.schemas`) of every type, by schema name; undefined when they were not recorded. */
  schemas(): Promise<ReadonlyMap<string, JsonObject> | undefined>;
}

export type StorageVersionHashes = ReadonlyMap<string, ReadonlyMap<string, string>>;
