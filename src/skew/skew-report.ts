import type { SkewCode, SkewSeverity } from './skew-codes.ts';

/** What `GET /skew` answers; also the output of `mvproxy skew --output json`. */
export interface SkewReport {
  readonly kind: 'SkewReport';
  /** RFC 3339. */
  readonly generatedAt: string;
  /** Newest version first, ties by name. */
  readonly servers: readonly SkewReportServer[];
  /** By group (core first), version (as Kubernetes prefers them), resource and subresource. */
  readonly rows: readonly SkewRow[];
  /** What rows have in common is one finding; the gravest first. */
  readonly findings: readonly SkewFinding[];
  readonly summary: SkewSummary;
  /** null: servers were not asked how they store objects. */
  readonly storage: StorageVerdict | null;
}

export interface SkewReportServer {
  readonly name: string;
  /** '' when it has not told. */
  readonly version: string;
  /** It gets requests. */
  readonly ready: boolean;
  /** Why it gets none, or why nothing is known of it; '' otherwise. */
  readonly condition: string;
  /** null: never read, or read at another time, as recordings are. */
  readonly discoveryAgeSeconds: number | null;
}

/** One resource or subresource, on every server. */
export interface SkewRow {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' for the resource itself. */
  readonly subresource: string;
  /** As the newest server says; with its group and version when they are others: `autoscaling/v1 Scale`. */
  readonly kind: string;
  /** As the newest server says; '' when nobody does. */
  readonly scope: Scope;
  /** In the order of the servers. */
  readonly servers: readonly SkewCell[];
  /** Codes of the findings that are about it. */
  readonly findings: readonly SkewCode[];
}

export type Scope = 'Namespaced' | 'Cluster' | '';

export interface SkewCell {
  readonly serves:
    | 'yes'
    | 'no'
    /** It lists it as Stale: the extension server behind the group-version did not answer. */
    | 'stale'
    /** Nothing was read that could tell. */
    | 'unknown';
  /** Empty unless it serves it. */
  readonly verbs: readonly string[];
  /** Where it is another than the row's. */
  readonly kind?: string;
  readonly scope?: Scope;
  /** Names the group, version and kind that the server writes objects as. */
  readonly storageVersionHash?: string;
  /** The same in words, where they are known: `v1beta1`, or `policy/v1beta1` in another group. */
  readonly storedAs?: string;
}

export interface SkewFinding {
  readonly code: SkewCode;
  readonly severity: SkewSeverity;
  /** `storagemigration.k8s.io/v1`, `clustertrustbundles in certificates.k8s.io/v1`, the name of a group or of a server. */
  readonly subject: string;
  /** '' is the core group, or none; see `resources`. */
  readonly group: string;
  /** '' when the finding is not about one. */
  readonly version: string;
  /** `jobs`, `jobs/status`; empty when the finding is not about resources. */
  readonly resources: readonly string[];
  /** What is so, and what it means. */
  readonly text: string;
  /** What to do. */
  readonly remedy: string;
  /** Names of the servers that differ from the others. */
  readonly servers: readonly string[];
}

export interface SkewSummary {
  /** Rows compared. */
  readonly rows: number;
  /** Rows with a finding. */
  readonly differing: number;
  /** Findings. */
  readonly byCode: Readonly<Partial<Record<SkewCode, number>>>;
}

/** Whether a storage migration started now would leave every object in one encoding. */
export interface StorageVerdict {
  readonly verdict: 'safe' | 'not-safe' | 'unknown';
  readonly text: string;
}
