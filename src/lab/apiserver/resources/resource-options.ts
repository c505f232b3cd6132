import type { Store } from '../../store/store.ts';
import type { Kind } from '../openapi/schema-pool.ts';
import type { KindFields, ServedTypes } from '../served-type.ts';

/** What the resources of one server live on. */
export interface ResourceOptions {
  readonly store: Store;
  readonly types: ServedTypes;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Minor version of Kubernetes that the server plays, for the columns of tables. Default: the newest known. */
  readonly minor?: number;
  /** Fields of a kind; undefined when they are not known. Default: they never are, and nothing is validated. */
  readonly fieldsOf?: (kind: Kind) => Promise<KindFields | undefined>;
  /** Milliseconds between two bookmarks of a watch that allows them. Default one minute, as kube-apiserver. */
  readonly bookmarkIntervalMs?: number;
  /** Seconds that a watch without `timeoutSeconds` lasts. Default random, 30 to 60 minutes (`--min-request-timeout`). */
  readonly watchTimeoutSeconds?: () => number;
  /** Changes that may wait for one slow watcher before its stream is ended. Default 1000. */
  readonly watchBuffer?: number;
  /** Whether the feature gate WatchList is on (`sendInitialEvents`). Default true. */
  readonly watchList?: boolean;
  /** Ends every watch, cleanly, when it aborts: the server drains. */
  readonly closing?: AbortSignal;
}
