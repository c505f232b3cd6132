import { randomUUID } from 'node:crypto';
import { type Store, storeKey } from '../../store/store.ts';
import { BOOTSTRAP_OBJECTS, type BootstrapObject } from './bootstrap-objects.ts';

/**
 * Writes what every cluster has from its first moment: roles, system namespaces, the `kubernetes` Service. What is there
 * already stays as it is; what somebody deleted comes back, as when a kube-apiserver starts.
 */
export function bootstrap(store: Store, now: number): void {
  const creationTimestamp = `${new Date(now).toISOString().slice(0, 19)}Z`;
  for (const object of BOOTSTRAP_OBJECTS) putMissing(store, object, creationTimestamp);
}

function putMissing(store: Store, object: BootstrapObject, creationTimestamp: string): void {
  const { group, resource, apiVersion, kind, metadata, fields } = object;
  const key = storeKey(group, resource, metadata.namespace ?? '', metadata.name);
  if (store.get(key) !== undefined) return;
  const identity = { uid: randomUUID(), resourceVersion: '', creationTimestamp };
  store.put(key, { apiVersion, kind, metadata: { ...metadata, ...identity }, ...fields }, 'absent');
}
