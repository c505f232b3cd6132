import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import type { ServerVersion } from '../../kubernetes/kube-version.ts';
import type { StorageVersions } from '../../skew/skew-server.ts';
import type { Ask } from '../../surfacing/server-questions.ts';

/** A server of which documents are there, without a proxy that watches it. */
export interface DocumentServer {
  readonly name: string;
  readonly version: ServerVersion | undefined;
  readonly discovery: ServerDiscovery;
  /** Groups that the documents say something about; absent: all. */
  readonly isAbout?: ((group: string) => boolean) | undefined;
  readonly origin:
    | {
        readonly kind: 'context';
        readonly url: string;
        /** `performance.now()` of the reading. */
        readonly readAt: number;
        /** Asks the server now, as the user of the context. */
        readonly ask: Ask;
      }
    | { readonly kind: 'recording'; readonly storage: StorageVersions };
}
