import { type GroupVersionResource, groupVersion } from '../api-object.ts';
import { resourcePath } from '../client/api-path.ts';
import { asClientError, isMethodNotSupported, isNotFound } from '../client/client-error.ts';
import { type Discovered, discover, preferredResources } from '../client/discovery-client.ts';
import { METADATA_ACCEPT } from '../client/informer.ts';
import type { LabClient } from '../client/lab-client.ts';
import { isRecord, type ListedObject } from '../client/listed-object.ts';

/** How long objects with finalizers are supposed to need, in seconds. */
const FINALIZER_ESTIMATE = 15;
const PODS: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };

type Operation = 'list' | 'deletecollection';

/** What is left of one type, or of all: how many objects, and the seconds they are expected to need (0: unknown). */
interface Remains {
  readonly objects: number;
  readonly estimate: number;
}

/** Objects need more time; they are not stuck. */
export class ResourcesRemainingError extends Error {
  /** Seconds. */
  readonly estimate: number;

  constructor(estimate: number) {
    super(`some content remains in the namespace, estimate ${estimate} seconds before it is removed`);
    this.name = 'ResourcesRemainingError';
    this.estimate = estimate;
  }
}

/**
 * Empties namespaces. Rules: kubernetes pkg/controller/namespace/deletion/namespaced_resources_deleter.go (1.36). It believes
 * two things of the API: what discovery does not list does not exist, and a type that answers 404 or 405 to deletecollection
 * and to list holds nothing. Both make a namespace pass for empty while another server still has objects in it.
 */
export class NamespaceContent {
  readonly #client: LabClient;
  /** Operations that discovery did not offer when the controller started; never corrected. */
  #unsupported: Promise<ReadonlySet<string>> | undefined;

  constructor(client: LabClient) {
    this.#client = client;
  }

  /**
   * Deletes everything in the namespace. Throws ResourcesRemainingError when objects are on their way out, and Error when
   * something could not be deleted or discovery was not complete; all that could be deleted is deleted then, too.
   */
  async deleteAll(namespace: string, deletedAt: Date): Promise<void> {
    const unsupported = await this.#initialise();
    const errors: string[] = [];
    const discovered = await this.#discover(errors);
    const types = preferredResources(discovered).filter(
      ({ namespaced, verbs }) => namespaced && verbs.includes('delete'),
    );
    const remove = async (type: GroupVersionResource): Promise<Remains> => {
      try {
        return await this.#deleteType(type, namespace, deletedAt, unsupported);
      } catch (error) {
        errors.push(asClientError(error).message);
        return { objects: 0, estimate: 0 };
      }
    };
    // Pods first: what they still do may need the other objects (OrderedNamespaceDeletion).
    const pods = types.some(isPods) ? await remove(PODS) : { objects: 0, estimate: 0 };
    let { estimate } = pods;
    if (pods.objects === 0) {
      for (const type of types) if (!isPods(type)) estimate = Math.max(estimate, (await remove(type)).estimate);
    }
    if (errors.length > 0) throw new Error(errors.join('; '));
    if (estimate > 0) throw new ResourcesRemainingError(estimate);
  }

  async #discover(errors: string[]): Promise<Discovered> {
    try {
      const discovered = await discover(this.#client);
      for (const [name, why] of discovered.failed) errors.push(`${name}: ${why}`);
      return discovered;
    } catch (error) {
      errors.push(asClientError(error).message);
      return { groups: [], resources: new Map(), failed: new Map() };
    }
  }

  /** initOpCache; kube-controller-manager ends when it fails, and is started again. */
  #initialise(): Promise<ReadonlySet<string>> {
    this.#unsupported ??= discover(this.#client).then((discovered) => {
      const operations = preferredResources(discovered).flatMap((type) =>
        (['list', 'deletecollection'] as const)
          .filter((operation) => !type.verbs.includes(operation))
          .map((operation) => operationKey(operation, type)),
      );
      return new Set(operations);
    });
    this.#unsupported.catch(() => {
      this.#unsupported = undefined;
    });
    return this.#unsupported;
  }

  async #deleteType(
    type: GroupVersionResource,
    namespace: string,
    deletedAt: Date,
    unsupported: ReadonlySet<string>,
  ): Promise<Remains> {
    const estimate = isPods(type) ? await this.#graceOfPods(namespace, deletedAt) : 0;
    const list = () => this.#list(type, namespace, unsupported);
    if (!(await this.#deleteCollection(type, namespace, unsupported))) {
      for (const { metadata } of (await list()) ?? []) await this.#deleteOne(type, namespace, metadata.name);
    }
    const left = await list();
    if (left === undefined || left.length === 0) return { objects: 0, estimate: left === undefined ? estimate : 0 };
    if (estimate > 0) return { objects: left.length, estimate };
    if (left.some(({ metadata }) => (metadata.finalizers ?? []).length > 0)) {
      return { objects: left.length, estimate: FINALIZER_ESTIMATE };
    }
    throw new Error(`unexpected items still remain in namespace: ${namespace} for gvr: ${nameOf(type)}`);
  }

  /** Whether the operation is supported, in the server's or discovery's words. Throws ClientError when it failed. */
  async #deleteCollection(type: GroupVersionResource, namespace: string, unsupported: ReadonlySet<string>) {
    if (unsupported.has(operationKey('deletecollection', type))) return false;
    return isSupported(this.#client.json('DELETE', resourcePath(type, { namespace }), { body: BACKGROUND }));
  }

  async #deleteOne(type: GroupVersionResource, namespace: string, name: string): Promise<void> {
    await isSupported(this.#client.json('DELETE', resourcePath(type, { namespace, name }), { body: BACKGROUND }));
  }

  /** Undefined: not supported, in the server's or discovery's words. Throws ClientError when it failed. */
  async #list(
    type: GroupVersionResource,
    namespace: string,
    unsupported: ReadonlySet<string>,
  ): Promise<readonly ListedObject[] | undefined> {
    if (unsupported.has(operationKey('list', type))) return undefined;
    const listing = this.#client.list(
      resourcePath(type, { namespace }),
      {},
      { accept: METADATA_ACCEPT.list, limit: 0 },
    );
    return (await isSupported(listing)) ? (await listing).items : undefined;
  }

  /** Seconds that pods which still run may take; 0 when that time is over. Throws ClientError. */
  async #graceOfPods(namespace: string, deletedAt: Date): Promise<number> {
    const { items } = await this.#client.list(resourcePath(PODS, { namespace }));
    const seconds = items.map(({ spec, status }) => {
      const isOver = isRecord(status) && (status['phase'] === 'Succeeded' || status['phase'] === 'Failed');
      const grace = isRecord(spec) ? spec['terminationGracePeriodSeconds'] : undefined;
      return isOver || typeof grace !== 'number' ? 0 : grace;
    });
    const longest = Math.max(0, ...seconds);
    return Date.now() - deletedAt.getTime() >= longest * 1000 ? 0 : longest;
  }
}

const BACKGROUND = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' };

/** False for 404 and 405, whoever gives them; throws any other error. */
async function isSupported(pending: Promise<unknown>): Promise<boolean> {
  try {
    await pending;
    return true;
  } catch (error) {
    if (isNotFound(error) || isMethodNotSupported(error)) return false;
    throw error;
  }
}

function isPods({ group, version, resource }: GroupVersionResource): boolean {
  return group === PODS.group && version === PODS.version && resource === PODS.resource;
}

function nameOf(type: GroupVersionResource): string {
  return `${groupVersion(type)} ${type.resource}`;
}

function operationKey(operation: Operation, type: GroupVersionResource): string {
  return `${operation} ${nameOf(type)}`;
}
