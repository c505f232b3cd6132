import { type ApiObject, groupVersion } from '../../api-object.ts';
import { type Entry, type Store, storeKey, storePrefix } from '../../store/store.ts';
import { notFound } from '../api-error.ts';
import type { ApiRequest } from '../api-request.ts';
import type { ServedType } from '../served-type.ts';

/** The namespace of the objects that a request is about; '' for cluster-wide ones and for all namespaces. */
export const namespaceOf = ({ type, info }: Pick<ApiRequest, 'type' | 'info'>): string =>
  type.namespaced ? info.namespace : '';

export const keyOf = ({ group, resource }: ServedType, namespace: string, name: string): string =>
  storeKey(group, resource, namespace, name);

/** Prefix of the keys of the objects that a collection request is about. */
export function collectionPrefix(request: ApiRequest): string {
  const { group, resource, namespaced } = request.type;
  const namespace = namespaceOf(request);
  return storePrefix(group, resource, namespaced && namespace === '' ? undefined : namespace);
}

/** The stored object; throws ApiError 404 when there is none. */
export function requiredEntry(store: Store, type: ServedType, namespace: string, name: string): Entry {
  const entry = store.get(keyOf(type, namespace, name));
  if (entry === undefined) throw notFound(type, name);
  return entry;
}

/** Objects are kept as they were written; versions of one type differ in nothing but their apiVersion. */
export function asVersion(type: ServedType, object: ApiObject): ApiObject {
  const apiVersion = groupVersion(type);
  if (object.apiVersion === apiVersion) return object;
  const { kind, apiVersion: _, ...rest } = object;
  return { kind, apiVersion, ...rest };
}
