import { resourcePath } from '../client/api-path.ts';
import { isConflict, isNotFound } from '../client/client-error.ts';
import { Informer } from '../client/informer.ts';
import type { LabClient } from '../client/lab-client.ts';
import { isRecord, type ListedObject } from '../client/listed-object.ts';
import { NamespaceContent, ResourcesRemainingError } from './namespace-content.ts';
import { type Worked, WorkQueue } from './work-queue.ts';

export interface NamespaceControllerOptions {
  readonly client: LabClient;
  /**
   * Milliseconds between the deletion of a namespace and the first look at it, so that every server has noticed. Default
   * 5000, kube-controller-manager's namespaceDeletionGracePeriod.
   */
  readonly delayMs?: number;
  /** Hears of every failed try: the namespace is tried again. */
  readonly onFailure?: (namespace: string, why: string) => void;
  /** Hears of every namespace that was found empty and is let go. */
  readonly onFinalize?: (namespace: string) => void;
}

const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces' };
const DEFAULT_DELAY_MS = 5000;
/** `--concurrent-namespace-syncs`. */
const WORKERS = 10;
const RETRY_MAX_MS = 60_000;
const FINALIZER = 'kubernetes';

/**
 * Empties namespaces that are being deleted and lets them go, as kube-controller-manager's namespace controller
 * (kubernetes pkg/controller/namespace, 1.36), but for the conditions that one writes into their status.
 */
export class NamespaceController {
  readonly #options: NamespaceControllerOptions;
  readonly #content: NamespaceContent;
  readonly #informer: Informer;
  readonly #queue: WorkQueue<string>;

  /** Starts at once. */
  constructor(options: NamespaceControllerOptions) {
    this.#options = options;
    this.#content = new NamespaceContent(options.client);
    this.#queue = new WorkQueue({ workers: WORKERS, work: (name) => this.#work(name), maxMs: RETRY_MAX_MS });
    const enqueue = ({ metadata }: ListedObject): void => {
      if (metadata.deletionTimestamp === undefined) return;
      this.#queue.addAfter(metadata.name, options.delayMs ?? DEFAULT_DELAY_MS);
    };
    this.#informer = new Informer({
      client: options.client,
      path: resourcePath(NAMESPACES),
      handlers: { add: enqueue, update: (_previous, namespace) => enqueue(namespace) },
    });
    void this.#informer.synced.then(() => this.#queue.start());
  }

  /** Forgets everything. */
  close(): void {
    this.#informer.close();
    this.#queue.close();
  }

  async #work(name: string): Promise<Worked> {
    if (!this.#informer.objects.has(name)) return 'done';
    try {
      await this.#terminate(name);
      return 'done';
    } catch (error) {
      if (error instanceof ResourcesRemainingError) return { afterMs: (Math.floor(error.estimate / 2) + 1) * 1000 };
      this.#options.onFailure?.(name, error instanceof Error ? error.message : String(error));
      return 'retry';
    }
  }

  async #terminate(name: string): Promise<void> {
    const found = await this.#get(name);
    if (found?.metadata.deletionTimestamp === undefined) return;
    const terminating = await this.#updated(found, (namespace) =>
      phaseOf(namespace) === 'Terminating'
        ? undefined
        : { ...namespace, status: { ...recordOf(namespace['status']), phase: 'Terminating' }, at: 'status' },
    );
    if (terminating?.metadata.deletionTimestamp === undefined || finalizersOf(terminating).length === 0) return;
    await this.#content.deleteAll(name, new Date(terminating.metadata.deletionTimestamp));
    this.#options.onFinalize?.(name);
    await this.#updated(terminating, (namespace) => {
      const finalizers = finalizersOf(namespace).filter((other) => other !== FINALIZER);
      return { ...namespace, spec: { ...recordOf(namespace['spec']), finalizers }, at: 'finalize' };
    });
  }

  /**
   * Writes what `change` makes of the namespace to the subresource `at`, again with its newest state on a conflict. Resolves
   * with the state written, or the given one when there is nothing to change; undefined when the namespace is gone.
   */
  async #updated(
    namespace: ListedObject,
    change: (namespace: ListedObject) => (ListedObject & { readonly at: string }) | undefined,
  ): Promise<ListedObject | undefined> {
    for (let latest: ListedObject | undefined = namespace; latest !== undefined; ) {
      if (latest.metadata.uid !== namespace.metadata.uid) throw new Error('namespace uid has changed across retries');
      const changed = change(latest);
      if (changed === undefined) return latest;
      const { at, ...body } = changed;
      const { name } = namespace.metadata;
      try {
        return await this.#options.client.object('PUT', resourcePath(NAMESPACES, { name, subresource: at }), {
          body: { kind: 'Namespace', apiVersion: 'v1', ...body },
        });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        if (!isConflict(error)) throw error;
        latest = await this.#get(name);
      }
    }
    return undefined;
  }

  async #get(name: string): Promise<ListedObject | undefined> {
    try {
      return await this.#options.client.object('GET', resourcePath(NAMESPACES, { name }));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});

function phaseOf({ status }: ListedObject): unknown {
  return recordOf(status)['phase'];
}

function finalizersOf({ spec }: ListedObject): readonly unknown[] {
  const finalizers = recordOf(spec)['finalizers'];
  return Array.isArray(finalizers) ? finalizers : [];
}
