import type { Logger } from '../../observe/logger.ts';
import type { Fields } from '../../wire/fields.ts';
import type { Upstream } from '../../wire/upstream.ts';
import { ChangeWatch } from './change-watch.ts';
import { conditionOfWatch, type WatchState } from './watch-state.ts';
import { WATCHED_RESOURCES, type WatchTrigger } from './watched-resource.ts';

export interface ServerWatchesOptions {
  /** Of the server, for the log. */
  readonly server: string;
  readonly upstream: Upstream;
  /** Who we are to the server. */
  readonly fields: Fields;
  /** Milliseconds for a list, and to the head of a watch. */
  readonly timeoutMs: number;
  readonly logger: Logger;
  /** Something that was watched changed, or may have changed unseen. */
  readonly triggered: (trigger: WatchTrigger) => void;
}

/** One watch as `/status` and the metrics show it. */
export interface WatchStatus {
  /** Plural name, such as `customresourcedefinitions`. */
  readonly resource: string;
  readonly state: WatchState['kind'];
  /** Why its changes are not seen; '' while they are. */
  readonly condition: string;
}

/** Everything that is watched at one server. Nothing is asked for before `ask`. */
export class ServerWatches {
  readonly #server: string;
  readonly #logger: Logger;
  readonly #watches: readonly ChangeWatch[];
  #denied = '';

  constructor({ server, upstream, fields, timeoutMs, logger, triggered }: ServerWatchesOptions) {
    this.#server = server;
    this.#logger = logger;
    const entered = () => this.#sayDenied();
    this.#watches = WATCHED_RESOURCES.map((watched) => {
      const changed = () => triggered(watched.trigger);
      return new ChangeWatch({ watched, upstream, fields, timeoutMs, changed, entered });
    });
  }

  get status(): WatchStatus[] {
    return this.#watches.map(({ watched, state }) => ({
      resource: watched.resource,
      state: state.kind,
      condition: conditionOfWatch(state),
    }));
  }

  /** This server will tell of changes of that kind itself. */
  sees(trigger: WatchTrigger): boolean {
    return this.#watches.some(({ watched, state }) => watched.trigger === trigger && state.kind === 'watching');
  }

  /** The server answers: begins every watch that is not under way. */
  ask(): void {
    for (const watch of this.#watches) watch.ask();
  }

  /** The server is going or gone: a kube-apiserver that ends waits for open watches, for a minute by default. */
  pause(): void {
    for (const watch of this.#watches) watch.pause();
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
  }

  /** Once for all of a server's watches, and again only when it becomes true of others. */
  #sayDenied(): void {
    const undecided = this.#watches.some(({ state: { kind } }) => kind === 'listing' || kind === 'opening');
    if (undecided) return;
    const denied = this.#watches.filter(({ state }) => state.kind === 'denied');
    const resources = denied.map(({ watched }) => watched.resource).join(', ');
    if (resources === this.#denied) return;
    this.#denied = resources;
    if (resources === '') {
      this.#logger.info('the server lets us watch what it refused before', { server: this.#server });
      return;
    }
    this.#logger.warn(
      'the server does not let us watch changes, so that they are noticed only when discovery is read the next time; apply deploy/rbac.yaml, which grants what is needed',
      { server: this.#server, resources, reason: denied.map(({ state }) => conditionOfWatch(state))[0] },
    );
  }
}
