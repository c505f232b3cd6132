import type { Fields } from '../../wire/fields.ts';
import type { Upstream } from '../../wire/upstream.ts';

/** How one server's discovery is asked for. */
export interface DiscoveryFetchOptions {
  readonly upstream: Upstream;
  /** Who we are to the server. */
  readonly fields: Fields;
  /** Milliseconds for each request, and for all resource lists of a server that is read one by one. */
  readonly timeoutMs: number;
  /** Of each document, compressed and not. */
  readonly maxBytes: number;
}
