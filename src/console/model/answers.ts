/**
 * What the console reads from the answers of the admin listener, and no more: an answer may have further members, and an
 * older proxy may leave out what is optional here.
 */
export interface ProxyStatus {
  /** RFC 3339, by the proxy's clock. */
  readonly generatedAt?: string;
  /** Why the proxy gets no requests itself, in clauses. */
  readonly unreadiness?: readonly string[];
  readonly view: 'merged' | 'server-local';
  readonly generation: number;
  readonly settled: boolean;
  /** Why the view is server-local; '' when it is merged. */
  readonly viewCondition?: string;
  readonly servers: readonly ServerStatus[];
  readonly startedAt?: string;
  /** Since the start. */
  readonly decisions?: {
    readonly requests: number;
    readonly false404sPrevented: Readonly<Record<string, number>>;
  };
}

export interface ServerStatus {
  readonly name: string;
  readonly address: string;
  readonly version?: string;
  readonly state: string;
  /** Since when it is in it; '' when that is yet to be read. */
  readonly since: string;
  /** Why it gets no requests; '' when it does. */
  readonly condition: string;
  readonly discovery: { readonly failure: string };
  readonly discoveryAgeSeconds?: number;
  readonly openExchanges: number;
}

export interface SkewReport {
  /** RFC 3339. */
  readonly generatedAt: string;
  /** Newest version first; cells of rows are in this order. */
  readonly servers: readonly SkewServer[];
  readonly rows: readonly SkewRow[];
  readonly findings: readonly SkewFinding[];
  /** null: servers were not asked how they store objects. */
  readonly storage: { readonly verdict: 'safe' | 'not-safe' | 'unknown'; readonly text: string } | null;
}

export interface SkewServer {
  readonly name: string;
  readonly version: string;
  readonly ready: boolean;
  readonly condition: string;
}

export interface SkewRow {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' for the resource itself. */
  readonly subresource: string;
  readonly kind: string;
  readonly scope: string;
  readonly servers: readonly SkewCell[];
  /** Codes. */
  readonly findings: readonly string[];
}

export interface SkewCell {
  readonly serves: 'yes' | 'no' | 'stale' | 'unknown';
  readonly verbs: readonly string[];
  readonly kind?: string;
  readonly scope?: string;
  readonly storageVersionHash?: string;
  /** The same in words, where they are known. */
  readonly storedAs?: string;
}

export interface SkewFinding {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly subject: string;
  readonly group: string;
  readonly version: string;
  /** `jobs`, `jobs/status`; empty when it is not about resources. */
  readonly resources: readonly string[];
  readonly text: string;
  /** What to do. */
  readonly remedy: string;
}

export interface DecisionList {
  /** Newest first. */
  readonly items: readonly Decision[];
}

export interface Decision {
  readonly id: number;
  readonly at: string;
  readonly method: string;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  /** Family of the User-Agent. */
  readonly client: string;
  /** Code of the reason. */
  readonly decision: string;
  /** '' when none answered. */
  readonly server: string;
  readonly status: number;
  readonly attempts: number;
  readonly milliseconds: number;
  /** A code; '' when all went well. */
  readonly error: string;
  readonly unknownType: { readonly outcome: string; readonly denying: readonly string[] } | null;
  readonly traceId: string;
  readonly auditId?: string;
  /** Somebody may want to know why. */
  readonly notable: boolean;
}

export interface Unexpected404List {
  /** Since when they are counted. */
  readonly since: string;
  readonly items: readonly Unexpected404[];
}

export interface Unexpected404 {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly client: string;
  readonly server: string;
  /** `relayed`: the client got that 404. Of all others it got something better, or it had left. */
  readonly outcome: string;
  readonly count: number;
  readonly lastAt: string;
  readonly lastPath: string;
}

export interface Timeline {
  /** What happened before is not known. */
  readonly since: string;
  readonly items: readonly TimelineItem[];
}

export interface TimelineItem {
  readonly id: number;
  readonly at: string;
  readonly type: string;
  /** '' when it is about no server. */
  readonly server: string;
  readonly text: string;
  /** State or version since. */
  readonly to: string;
  /** Types of the merged view. */
  readonly appeared: readonly string[];
  readonly vanished: readonly string[];
}

export interface ServerHistory {
  /** Newest first. */
  readonly items: readonly ServerTransition[];
}

/** A server went into a state. */
export interface ServerTransition {
  readonly at: string;
  readonly to: string;
  /** Why it gets no requests; '' when it does. */
  readonly why: string;
  /** '' when it has not told. */
  readonly version: string;
}

/** The `status` event. */
export interface LiveStatus {
  readonly servers: readonly Pick<ServerStatus, 'name' | 'state' | 'version' | 'openExchanges'>[];
  readonly requestsPerSecond: number;
  /** Since the start. */
  readonly prevented404s: number;
  readonly unexpected404s: number;
}

export interface Explanation {
  readonly method: string;
  readonly path: string;
  readonly request: {
    readonly isResourceRequest: boolean;
    readonly verb: string;
    readonly apiGroup: string;
    readonly apiVersion: string;
    readonly namespace: string;
    readonly resource: string;
    readonly subresource: string;
    readonly name: string;
  } | null;
  readonly refused: { readonly status: number; readonly message: string } | null;
  readonly subject: string;
  readonly servers: readonly {
    readonly name: string;
    readonly version: string;
    readonly ready: boolean;
    readonly condition: string;
    readonly discoveryAgeSeconds: number | null;
    readonly capability: { readonly serves: string } | null;
    readonly text: string;
  }[];
  readonly merged: boolean;
  readonly preference: string;
  readonly outcomes: readonly { readonly preferred: readonly string[]; readonly text: string }[];
  readonly alone: { readonly server: string; readonly text: string } | null;
}
