import type { CheckCode } from './check-codes.ts';

export type CheckStatus =
  | 'pass'
  /** It works, and somebody should know something about it. */
  | 'warn'
  | 'fail'
  /** It could not be proved; the text says what has to be done first. */
  | 'unknown';

/** What `GET /preflight` answers; also the output of `mvproxy preflight --output json`. */
export interface PreflightReport {
  readonly kind: 'PreflightReport';
  /** RFC 3339. */
  readonly generatedAt: string;
  /** `fail` if anything failed; else `warn` if anything is a warning or unknown. */
  readonly verdict: 'pass' | 'warn' | 'fail';
  /** One sentence. */
  readonly summary: string;
  /** The release that was asked about; '' for the servers of now alone. */
  readonly to: string;
  readonly servers: readonly PreflightServer[];
  readonly counts: Readonly<Record<CheckStatus, number>>;
  readonly checks: readonly PreflightCheck[];
  /** Types that are not served by all servers of now and, if one was asked about, the release. */
  readonly types: {
    readonly appearing: readonly ChangingType[];
    readonly vanishing: readonly VanishingType[];
  };
}

export interface PreflightServer {
  readonly name: string;
  readonly address: string;
  /** '' when it has not told. */
  readonly version: string;
}

/** What one check found out, about one server or about the proxy. */
export interface PreflightCheck {
  readonly code: CheckCode;
  /** '' when it is about the proxy, or all servers together. */
  readonly server: string;
  readonly status: CheckStatus;
  /** What is so, and what it means. */
  readonly text: string;
  /** What to do: a flag, a command or a manifest. '' where nothing has to be done. */
  readonly fix: string;
  /** The check of that server that has to pass before this one can be proved; '' where none has. */
  readonly needs: CheckCode | '';
}

export interface ChangingType {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' for the resource itself. */
  readonly subresource: string;
  /** Who serves it now; names. */
  readonly servers: readonly string[];
}

export interface VanishingType extends ChangingType {
  /** Where the same resource stays: group-versions, the likeliest first. */
  readonly instead: readonly string[];
  readonly usage: readonly TypeUsage[];
}

/** Somebody used a type. */
export interface TypeUsage {
  /** `proxy`: counted by this proxy since it started. `server`: a server's metrics say so since it started. */
  readonly source: 'proxy' | 'server';
  /** The server; '' for the proxy. */
  readonly server: string;
  /** Family of the client; '' where a server does not tell. */
  readonly client: string;
  /** Requests; null where a server does not tell. */
  readonly requests: number | null;
}
