/** A server's discovery could not be read; the message says why and what to check. */
export class DiscoveryFetchError extends Error {
  override readonly name = 'DiscoveryFetchError';
  /** HTTP status of the answer that was not discovery; 0 when there was another reason. */
  readonly status: number;

  constructor(message: string, options: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, options);
    this.status = options.status ?? 0;
  }

  /** The server will not let us read, which waiting does not change. */
  get isRefusal(): boolean {
    return this.status === 401 || this.status === 403;
  }
}
