import { randomUUID } from 'node:crypto';
import type { ApiObject } from '../../api-object.ts';
import { type Store, StoreError, storeKey, storePrefix, type Watch } from '../../store/store.ts';

const NAME = 'default';

/**
 * Gives every namespace its ServiceAccount `default`, and gives it back when somebody deletes it. On a real cluster a
 * controller of kube-controller-manager does that (kubernetes pkg/controller/serviceaccount); here every API server does,
 * so that it happens in a lab without controllers too. Whoever comes first has done it.
 */
export class DefaultServiceAccounts {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #watches: readonly Watch[];

  /** `now` gives epoch milliseconds. */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
    const namespaces = storePrefix('', 'namespaces');
    for (const { value } of store.range(namespaces).entries) this.#ensure(value);
    this.#watches = [
      store.watch(namespaces, store.revision, (event) => {
        if (event.kind === 'put') this.#ensure(event.entry.value);
      }),
      store.watch(storePrefix('', 'serviceaccounts'), store.revision, (event) => {
        const { name, namespace = '' } = (event.kind === 'put' ? event.entry : event.last).value.metadata;
        const owner = store.get(storeKey('', 'namespaces', '', namespace));
        if (event.kind === 'delete' && name === NAME && owner !== undefined) this.#ensure(owner.value);
      }),
    ];
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
  }

  #ensure({ metadata: { name: namespace, deletionTimestamp } }: ApiObject): void {
    const key = storeKey('', 'serviceaccounts', namespace, NAME);
    if (deletionTimestamp !== undefined || this.#store.get(key) !== undefined) return;
    const creationTimestamp = `${new Date(this.#now()).toISOString().slice(0, 19)}Z`;
    const metadata = { name: NAME, namespace, uid: randomUUID(), resourceVersion: '', creationTimestamp };
    try {
      this.#store.put(key, { kind: 'ServiceAccount', apiVersion: 'v1', metadata }, 'absent');
    } catch (error) {
      if (!(error instanceof StoreError && error.reason === 'conflict')) throw error;
    }
  }
}
