import type { Fields } from '../wire/fields.ts';
import type { Upstream } from '../wire/upstream.ts';

/** How one server's discovery is asked for. */
export interface DiscoveryFetchOptions {
  readonly upstream: Upstream;
  /** Who we are to the server. */
  readonly fields: Fields;
  /** Milliseconds for each request. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}
