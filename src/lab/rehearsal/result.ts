import type { GroupVersionResource } from '../api-object.ts';
import type { BuiltIn } from '../plane/lab-plane.ts';
import type { RehearsalBounds } from './bounds.ts';

/** What a rehearsal found. Plain data: `JSON.stringify` keeps all of it. Times are epoch milliseconds, durations milliseconds. */
export interface RehearsalResult {
  readonly environment: RehearsalEnvironment;
  /** In the order in which they were asked for. */
  readonly columns: readonly ColumnResult[];
}

/** Enough to run the same rehearsal again. */
export interface RehearsalEnvironment {
  /** Versions of the servers before and after the upgrade: `1.34.4`. */
  readonly from: string;
  readonly to: string;
  readonly seed: number;
  readonly bounds: RehearsalBounds;
  /** What a server did wrong on purpose. */
  readonly wrong404?: Wrong404;
  /** Types that `to` serves and `from` does not, as their servers' own discovery says. */
  readonly skew: readonly GroupVersionResource[];
  /** `v24.21.0`, `linux x64`, number of processors. */
  readonly node: string;
  readonly platform: string;
  readonly processors: number;
  readonly startedAt: number;
  readonly durationMs: number;
}

/** A fault on purpose: while a client asks for a type, a server that lists it denies it. */
export interface Wrong404 {
  readonly group: string;
  readonly resource: string;
  /** Until the rehearsal is stopped, for whoever wants to look for it; otherwise for a few requests. */
  readonly isHeld: boolean;
}

/** One way to front the servers, through one whole upgrade. */
export interface ColumnResult {
  readonly name: string;
  readonly plane: 'embedded' | 'real';
  readonly builtIn: BuiltIn;
  readonly startedAt: number;
  readonly durationMs: number;
  /** Rounds of owners, dependents and namespaces while versions were mixed, over all phases. */
  readonly rounds: number;
  /** Every try counts, repetitions after Retry-After included. */
  readonly requests: number;
  readonly false404s: False404s;
  readonly discovery: DiscoveryFindings;
  readonly dependents: DependentFindings;
  readonly namespaces: NamespaceFindings;
  readonly failedRequests: FailedRequests;
  readonly watches: WatchFindings;
  readonly writes: WriteFindings;
  /** One entry for each phase, in order, and none for a phase without requests. */
  readonly latency: readonly PhaseLatency[];
  readonly timeline: Timeline;
  /** Steps whose condition did not come true within their bound, in words; the scenario went on. */
  readonly unmet: readonly string[];
  /** What ended the scenario early, in words; its numbers count up to then. Absent when it ran to its end. */
  readonly failure?: string;
}

/** Who was told that which type does not exist. */
export interface False404Labels extends GroupVersionResource {
  readonly client: string;
}

export interface False404Count extends False404Labels {
  readonly count: number;
}

/** Unknown-resource 404s (product.md section 2) for a type that a server, ready from before the request to its answer, serves. */
export interface False404s {
  readonly total: number;
  /** Most frequent first. */
  readonly byResource: readonly (GroupVersionResource & { readonly count: number })[];
  readonly byClient: readonly { readonly client: string; readonly count: number }[];
  /**
   * Unknown-resource 404s for a type whose servers were all down or hung at that time: no capable server runs, yet the
   * answer tells clients that the objects do not exist. Not part of `total`.
   */
  readonly whileDown: number;
  /** The first few, such as `GET /apis/… by garbage-collector`. */
  readonly examples: readonly string[];
}

export interface DiscoveryFindings {
  /** Whole answers to kubectl-like discovery and to unaggregated discovery. */
  readonly answers: number;
  /** Answers that lack a type which a server had been serving for `bounds.settleMs` before the question. */
  readonly incomplete: number;
  /** Pairs of consecutive answers in one form between which a type vanished that a server had been serving as long, and went on serving. */
  readonly vanished: number;
  /** Those among all of the above that are about unaggregated discovery, which clients before 1.26 read. */
  readonly unaggregated?: { readonly answers: number; readonly incomplete: number; readonly vanished: number };
  /** By phase: how many distinct answers all clients saw. More than 1 + the changes of what is served is too many. */
  readonly distinct: readonly { readonly phase: string; readonly answers: number; readonly expected: number }[];
  readonly examples: readonly string[];
}

export interface DependentFindings {
  /** ConfigMaps with an owner that lived to the end, as a capable server said when asked directly. */
  readonly live: number;
  /** Of those, absent at the end. */
  readonly wronglyCollected: number;
  /** By round (from 1): dependents of live owners that were gone when the round ended. */
  readonly byRound: readonly { readonly round: number; readonly collected: number }[];
  /** `namespace/name`, the first few. */
  readonly examples: readonly string[];
}

export interface NamespaceFindings {
  /** Namespaces that were deleted while they held objects of skewed types. */
  readonly deleted: number;
  /** Gone, although objects in them still exist. */
  readonly leaked: readonly { readonly namespace: string; readonly objects: readonly string[] }[];
  /** Still terminating at the end of the scenario, all servers being up and upgraded. */
  readonly stuck: readonly { readonly namespace: string; readonly why: string }[];
}

export interface FailedRequests {
  /** Requests of which the last try was no success: what a client finally got. False 404s and answers that the clients expect (conflicts, 410) do not count. */
  readonly total: number;
  /** Most frequent first; `cause` is `503 ServiceUnavailable` or `no response: connection`. */
  readonly byCause: readonly { readonly cause: string; readonly count: number }[];
  /** Tries that were answered with Retry-After and repeated. */
  readonly repeated: number;
}

export interface WatchFindings {
  readonly informers: number;
  /** Changes that the informers had to see. */
  readonly expected: number;
  /**
   * Changes that an informer never saw, nor their effect in a list: sequence numbers that it jumped, and objects of which
   * its cache is still wrong `bounds.catchUpMs` after the last change.
   */
  readonly missed: number;
  readonly relists: number;
  readonly watches: number;
  /** In words, the first few. */
  readonly examples: readonly string[];
}

export interface WriteFindings {
  readonly acknowledged: number;
  /** Acknowledged, but a capable server asked directly at the end does not have them, nor anything written later. */
  readonly lost: number;
  readonly examples: readonly string[];
}

/** Of requests that were answered, watches by their response head. */
export interface PhaseLatency {
  readonly phase: string;
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
}

export interface Timeline {
  /** Seconds are counted from here. */
  readonly startedAt: number;
  /** One entry per second of the scenario, without holes. */
  readonly seconds: readonly TimelineSecond[];
  readonly marks: readonly TimelineMark[];
}

/** What was finished within one second. */
export interface TimelineSecond {
  readonly second: number;
  readonly requests: number;
  readonly false404s: number;
  /** Tries without a successful answer, false 404s not included. */
  readonly failed: number;
  readonly incompleteDiscovery: number;
  /** Dependents of live owners that an informer saw vanish. */
  readonly collected: number;
  /** Milliseconds; absent when nothing was answered. */
  readonly p50?: number;
  readonly p99?: number;
}

export interface TimelineMark {
  /** Epoch milliseconds. */
  readonly at: number;
  /** `phase` begins a phase (its name is the text); the others happen within it. */
  readonly kind: 'phase' | 'server' | 'controllers' | 'definition' | 'round' | 'finding';
  readonly text: string;
}

/** What `onProgress` hears. */
export type RehearsalProgress =
  | { readonly kind: 'column'; readonly column: string; readonly index: number; readonly of: number }
  | { readonly kind: 'mark'; readonly column: string; readonly mark: TimelineMark }
  /** About once a second. */
  | {
      readonly kind: 'counts';
      readonly column: string;
      readonly requests: number;
      readonly false404s: number;
      /** The same by type and client. */
      readonly false404sBy: readonly False404Count[];
      readonly failed: number;
      readonly incompleteDiscovery: number;
      readonly collected: number;
      readonly leakedNamespaces: number;
    }
  | { readonly kind: 'done'; readonly column: string; readonly result: ColumnResult };
