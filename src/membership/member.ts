import { addressBytes, bracketed } from './ip-address.ts';

/** Where a member comes from, the most explicit first: its name is used when several sources know the same server. */
export const SOURCE_KINDS = ['static', 'lease', 'endpointslice', 'dns'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** An API server as a source proposes it. Only TLS proves that it is one. */
export interface Member {
  /** What the source calls it; stays the same for as long as the source means the same server. */
  readonly id: string;
  /** A name of its own that others may know as well; undefined: it is named after its address. */
  readonly name: string | undefined;
  /** What is dialled: a canonical IP address; in the static list also a host name. */
  readonly host: string;
  readonly port: number;
  /** Every canonical IP address that is known to be its own. */
  readonly addresses: readonly string[];
  /** The name its certificate must carry; undefined: the one of all servers. */
  readonly servername?: string | undefined;
  /** The server this proxy belongs to. */
  readonly local?: boolean | undefined;
}

/** What one source says now. */
export interface Proposal {
  /** Unique; in logs, `/status` and metrics: `static`, `leases`, `endpointslices`, `dns/api.example:6443`. */
  readonly source: string;
  readonly kind: SourceKind;
  readonly members: readonly Member[];
}

/** `10.0.0.1:6443`, `[fd00::1]:6443` */
export function addressKey(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

/** A name for metrics and logs that depends on nothing else: `10.0.0.1-6443`, `fd00-0-0-0-0-0-0-1-6443`. */
export function nameOfAddress(canonical: string, port: number): string {
  const bytes = addressBytes(canonical) ?? [];
  if (bytes.length !== 16) return `${canonical}-${port}`;
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return `${groups.join('-')}-${port}`;
}

/** As Kubernetes names nodes and Leases (RFC 1123 subdomain), so fit for metrics and logs. */
export function isDnsName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text);
}

export function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}
