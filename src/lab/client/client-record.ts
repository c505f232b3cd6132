/** What one request of a lab client came to. */
export interface ClientRecord {
  /** The client's name in the rehearsal. */
  readonly client: string;
  readonly method: string;
  /** Request target. */
  readonly target: string;
  /** RequestInfo's verb. */
  readonly verb: string;
  /** HTTP status; undefined when no response came. */
  readonly status: number | undefined;
  /** An unknown-resource 404 (product.md section 2). */
  readonly unknownResource: boolean;
  /** Why no (complete) response came, or the Status message of a failure. */
  readonly message: string | undefined;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Milliseconds to the end of the response; to its head for a watch. */
  readonly durationMs: number;
  /** The client repeats the request after this try, so its caller has not heard of it. */
  readonly repeated: boolean;
}
