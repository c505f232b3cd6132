import { resourcePath } from '../client/api-path.ts';
import { ClientError, isNotFound } from '../client/client-error.ts';
import { Informer, METADATA_ACCEPT } from '../client/informer.ts';
import type { LabClient } from '../client/lab-client.ts';
import { type Worked, WorkQueue } from './work-queue.ts';

const NAME = 'default';
const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces' };
const ACCOUNTS = { group: '', version: 'v1', resource: 'serviceaccounts' };

/**
 * Gives every namespace the ServiceAccount `default`, again when somebody deletes it, as kube-controller-manager does
 * (kubernetes pkg/controller/serviceaccount/serviceaccounts_controller.go). There is no ConfigMap `kube-root-ca.crt`.
 */
export class ServiceAccountController {
  readonly #client: LabClient;
  readonly #namespaces: Informer;
  readonly #accounts: Informer;
  readonly #queue: WorkQueue<string>;

  /** Starts at once. */
  constructor(client: LabClient) {
    this.#client = client;
    this.#queue = new WorkQueue({ workers: 1, work: (namespace) => this.#work(namespace), maxMs: 60_000 });
    this.#namespaces = new Informer({
      client,
      path: resourcePath(NAMESPACES),
      accept: METADATA_ACCEPT,
      handlers: {
        add: ({ metadata }) => this.#queue.add(metadata.name),
        update: (_, { metadata }) => this.#queue.add(metadata.name),
      },
    });
    this.#accounts = new Informer({
      client,
      path: resourcePath(ACCOUNTS),
      accept: METADATA_ACCEPT,
      handlers: {
        remove: ({ metadata: { name, namespace = '' } }) => {
          if (name === NAME) this.#queue.add(namespace);
        },
      },
    });
    void Promise.all([this.#namespaces.synced, this.#accounts.synced]).then(() => this.#queue.start());
  }

  close(): void {
    this.#namespaces.close();
    this.#accounts.close();
    this.#queue.close();
  }

  async #work(namespace: string): Promise<Worked> {
    const owner = this.#namespaces.objects.get(namespace);
    if (owner === undefined || owner.metadata.deletionTimestamp !== undefined) return 'done';
    if (this.#accounts.objects.has(`${namespace}/${NAME}`)) return 'done';
    try {
      const body = { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: NAME, namespace } };
      await this.#client.object('POST', resourcePath(ACCOUNTS, { namespace }), { body });
      return 'done';
    } catch (error) {
      // The informers tell of a namespace that goes away meanwhile.
      const isSettled = error instanceof ClientError && ['AlreadyExists', 'Forbidden'].includes(error.reason);
      return isSettled || isNotFound(error) ? 'done' : 'retry';
    }
  }
}
