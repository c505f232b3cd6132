import type { SpanCounts } from '../tracing/span-queue.ts';
/** What the metrics say of one server. */
export interface ServerReading {
  readonly name: string;
  readonly state: string;
  /** `1.37.2`; undefined while it has not told. */
  readonly version: string | undefined;
  /** Seconds since its discovery was last confirmed; undefined before the first time. */
  readonly discoveryAgeSeconds: number | undefined;
  /** How often reading its discovery failed, by reason. */
  readonly discovery: { readonly errors: Readonly<Record<string, number>> };
  readonly openExchanges: number;
  /** Open connections by set; absent of a server that left. */
  readonly connections?: Readonly<Record<string, number>> | undefined;
  /** Whether its own mixed version proxy (KEP-4020) merges what its peers serve. */
  readonly nativeMixedVersionProxy: string;
  /** What announces changes of its discovery. */
  readonly watches: readonly { readonly resource: string; readonly state: string }[];
}

/** How far the servers that are ready lie apart. */
export interface SkewReading {
  /** Minor versions between the oldest and the newest; undefined while nobody has told a version. */
  readonly minors: number | undefined;
  readonly groupVersions: number;
  readonly resources: number;
  /** Contradictions in scope or kind. */
  readonly conflicts: number;
}

/** What clients have open. */
export interface ClientsReading {
  readonly connections: Readonly<Record<string, number>>;
  readonly streams: number;
  readonly watches: number;
  /** HTTP/2 connections that were ended for what the client did, by name of the code. */
  readonly faults: ReadonlyMap<string, number>;
}

/** What the metrics say of publishing. */
export interface PublishingReading {
  readonly record: string;
  readonly announcements: number;
  readonly errors: number;
}

/** What the metrics say of one source of membership. */
export interface MembershipReading {
  readonly source: string;
  readonly up: boolean;
  readonly members: number;
  /** Seconds since its last answer; undefined before the first. */
  readonly ageSeconds: number | undefined;
}

/** What is read of a running proxy for one scrape, beside its counters. */
export interface ProxyReading {
  readonly ready: boolean;
  readonly view: string;
  /** Those that left stay as long as their types do, behind those that are there. */
  readonly servers: readonly ServerReading[];
  readonly skew: SkewReading;
  /** Seconds since a server that has the OpenAPI document said so, by its path below `/openapi/v3`. */
  readonly openAPIAges: ReadonlyMap<string, number>;
  readonly clients: ClientsReading;
  readonly retriesDenied: number;
  readonly reloadErrors: number;
  /** Unix time in seconds at which the first certificate of a file expires, by what the file is for. */
  readonly certificateExpiry: ReadonlyMap<string, number>;
  /** Absent where nothing is published. */
  readonly publishing?: PublishingReading | undefined;
  /** Absent where tracing is off. */
  readonly tracing?: SpanCounts | undefined;
  /** Sources beside the static list. */
  readonly membership: readonly MembershipReading[];
}
