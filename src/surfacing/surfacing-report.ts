import type { ReasonCode } from './reasons.ts';
import type { Shape, ShapeFinding } from './shape.ts';

/** Whether clients of the proxy see a type. */
export type SurfacingVerdict = 'surfaced' | 'surfaced-with-remarks' | 'not-surfaced';

/** What `GET /verify` answers; also the output of `mvproxy verify --output json`. */
export interface SurfacingReport {
  readonly kind: 'SurfacingReport';
  /** As it was understood. `version` and `resource` are '' when all are meant, `group` is '' for the core group. */
  readonly target: { readonly group: string; readonly version: string; readonly resource: string };
  readonly verdict: SurfacingVerdict;
  /** One sentence. */
  readonly summary: string;
  readonly servers: readonly ReportedServer[];
  /** One for each version that is known anywhere, or for the one that was asked for. */
  readonly versions: readonly VersionReport[];
  readonly remarks: readonly Remark[];
}

export interface ReportedServer {
  readonly name: string;
  /** '' when it has not told. */
  readonly version: string;
  readonly state: string;
  /** Why it gets no requests; '' when it does. */
  readonly condition: string;
  /** null: never read. */
  readonly discoveryAgeSeconds: number | null;
}

export interface VersionReport {
  readonly version: string;
  readonly verdict: SurfacingVerdict;
  readonly shapes: readonly ShapeReport[];
}

export interface ShapeReport {
  readonly shape: Shape;
  /** Path of the document, or name of the object. */
  readonly path: string;
  /** By name, for every server. */
  readonly servers: Readonly<Record<string, ShapeFinding>>;
  /** What clients of the proxy read. */
  readonly merged: ShapeFinding;
}

/** Something that somebody should know, or do something about. */
export interface Remark {
  readonly code: ReasonCode;
  /** Names. */
  readonly servers: readonly string[];
  /** What is so, and what it means. */
  readonly message: string;
  readonly remedy: string;
}
