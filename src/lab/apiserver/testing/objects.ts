import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { ApiObject, JsonObject } from '../../api-object.ts';
import { type Store, storeKey } from '../../store/store.ts';
import type { ServiceAccountKey } from '../authentication/service-account-tokens.ts';

interface Identity {
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** Stores an object as a resource handler would, and returns it. */
export function put(store: Store, identity: Identity, fields: JsonObject = {}): ApiObject {
  const { group, resource, kind, name, namespace } = identity;
  const value: ApiObject = {
    apiVersion: group === '' ? 'v1' : `${group}/v1`,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      uid: randomUUID(),
      resourceVersion: '',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    ...fields,
  };
  const key = storeKey(group, resource, namespace ?? '', name);
  return store.put(key, value, store.get(key)?.revision ?? 'absent').value;
}

export function remove(store: Store, { group, resource, name, namespace }: Identity): void {
  const key = storeKey(group, resource, namespace ?? '', name);
  store.delete(key, store.get(key)?.revision ?? 0);
}

export function serviceAccountKey(): ServiceAccountKey {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export const ROBOT = {
  group: '',
  resource: 'serviceaccounts',
  kind: 'ServiceAccount',
  name: 'robot',
  namespace: 'default',
};
