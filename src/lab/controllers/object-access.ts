import { isDeepStrictEqual } from 'node:util';
import type { OwnerReference } from '../api-object.ts';
import { resourcePath } from '../client/api-path.ts';
import { ClientError, isConflict, isNotFound } from '../client/client-error.ts';
import { METADATA_ACCEPT } from '../client/informer.ts';
import type { LabClient } from '../client/lab-client.ts';
import type { ListedObject } from '../client/listed-object.ts';
import type { RestMapper, RestMapping } from '../client/rest-mapper.ts';
import type { ObjectReference } from './object-reference.ts';

/** The RESTMapper knows no such kind, or could not be asked; nothing follows for the object itself. */
export class RestMappingError extends Error {
  constructor(apiVersion: string, kind: string) {
    super(`unable to get REST mapping for ${apiVersion}/${kind}`);
    this.name = 'RestMappingError';
  }
}

/** A cluster-wide object cannot have an owner in a namespace; no retry changes that. */
export class NamespacedOwnerError extends Error {
  constructor() {
    super('cluster-scoped objects cannot refer to namespaced owners');
    this.name = 'NamespacedOwnerError';
  }
}

/** `metav1.DeletionPropagation`. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan';

/** Objects by their identity, through the RESTMapper. Rules: kubernetes pkg/controller/garbagecollector/operations.go (1.36). */
export class ObjectAccess {
  readonly #client: LabClient;
  readonly #mapper: RestMapper;

  constructor(client: LabClient, mapper: RestMapper) {
    this.#client = client;
    this.#mapper = mapper;
  }

  /** Throws RestMappingError. */
  async mapping({ apiVersion, kind }: Pick<ObjectReference, 'apiVersion' | 'kind'>): Promise<RestMapping> {
    const mapping = await this.#mapper.mapping(apiVersion, kind).catch((error: unknown) => {
      if (error instanceof ClientError) return undefined;
      throw error;
    });
    if (mapping === undefined) throw new RestMappingError(apiVersion, kind);
    return mapping;
  }

  /** Throws RestMappingError, NamespacedOwnerError and ClientError. */
  async get(item: ObjectReference): Promise<ListedObject> {
    return this.#client.object('GET', await this.#path(item), { accept: METADATA_ACCEPT.watch });
  }

  /**
   * Deletes exactly this object in the state in which it was judged; when only other things than its owners changed since,
   * in its new state. Throws RestMappingError and ClientError.
   */
  async delete(item: ObjectReference, judged: ListedObject, propagationPolicy: Propagation): Promise<void> {
    const path = await this.#path(item);
    const remove = (preconditions: { readonly uid: string; readonly resourceVersion?: string }) =>
      this.#client.json('DELETE', path, {
        body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions, propagationPolicy },
      });
    const { uid, resourceVersion, ownerReferences } = judged.metadata;
    try {
      await remove({ uid, resourceVersion });
    } catch (error) {
      if (!isConflict(error)) throw error;
      const live = (await this.get(item)).metadata;
      const isSame = live.uid === uid && isDeepStrictEqual(live.ownerReferences, ownerReferences);
      if (!isSame || live.resourceVersion === resourceVersion) throw error;
      await remove({ uid });
    }
  }

  /** Takes the owners with these uids out of the object. Throws RestMappingError and ClientError. */
  async removeOwners(item: ObjectReference, uids: readonly string[]): Promise<void> {
    const removals = uids.map((uid) => ({ $patch: 'delete', uid }));
    await this.#patchOwners(item, removals, (owners) => owners.filter(({ uid }) => !uids.includes(uid)));
  }

  /** Lets the object block the deletion of none of its owners any more. Throws RestMappingError and ClientError. */
  async unblockOwners(item: ObjectReference, owners: readonly OwnerReference[]): Promise<void> {
    const unblocked = owners.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
    await this.#patchOwners(item, unblocked, () => unblocked);
  }

  /** Throws RestMappingError and ClientError; an object that is gone has no finalizer. */
  async removeFinalizer(item: ObjectReference, finalizer: string): Promise<void> {
    for (let tries = 4; ; tries -= 1) {
      try {
        const { resourceVersion, finalizers = [] } = (await this.get(item)).metadata;
        if (!finalizers.includes(finalizer)) return;
        const kept = finalizers.filter((other) => other !== finalizer);
        await this.#patch(item, { metadata: { resourceVersion, finalizers: kept } }, 'merge-patch');
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (!isConflict(error) || tries === 0) throw error;
      }
    }
  }

  async #patchOwners(
    item: ObjectReference,
    strategic: readonly object[],
    merged: (owners: readonly OwnerReference[]) => readonly OwnerReference[],
  ): Promise<void> {
    try {
      const metadata = { uid: item.uid, ownerReferences: strategic };
      await this.#patch(item, { metadata }, 'strategic-merge-patch');
    } catch (error) {
      // Custom resources have no strategic merge patch.
      if (!(error instanceof ClientError) || error.reason !== 'UnsupportedMediaType') throw error;
      const { resourceVersion, ownerReferences = [] } = (await this.get(item)).metadata;
      const metadata = { resourceVersion, ownerReferences: merged(ownerReferences) };
      await this.#patch(item, { metadata }, 'merge-patch');
    }
  }

  async #patch(item: ObjectReference, body: object, type: 'merge-patch' | 'strategic-merge-patch'): Promise<void> {
    await this.#client.json('PATCH', await this.#path(item), { body, contentType: `application/${type}+json` });
  }

  async #path(item: ObjectReference): Promise<string> {
    const { resource, namespaced } = await this.mapping(item);
    if (namespaced && item.namespace === '') throw new NamespacedOwnerError();
    return resourcePath(resource, { namespace: namespaced ? item.namespace : '', name: item.name });
  }
}
