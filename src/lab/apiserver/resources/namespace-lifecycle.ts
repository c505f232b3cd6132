import type { GroupVersionResource } from '../../api-object.ts';
import { type Store, storeKey } from '../../store/store.ts';
import { forbidden, notFound } from '../api-error.ts';

const NAMESPACES = { group: '', resource: 'namespaces' };
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

/**
 * Refuses to create an object in a namespace that is absent or terminating (plugin NamespaceLifecycle). Throws ApiError
 * 404 about the namespace, or 403 with cause NamespaceTerminating.
 */
export function requireLiveNamespace(store: Store, type: GroupVersionResource, namespace: string, name: string): void {
  const found = store.get(storeKey('', 'namespaces', '', namespace));
  if (found === undefined) throw notFound(NAMESPACES, namespace);
  if (found.value.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden(type, name, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

/** Throws ApiError 403 for the namespaces that must not be deleted. */
export function requireMortalNamespace(name: string): void {
  if (IMMORTAL.has(name)) throw forbidden(NAMESPACES, name, 'this namespace may not be deleted');
}
