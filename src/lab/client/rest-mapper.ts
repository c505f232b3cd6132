import { type GroupVersionResource, groupVersion } from '../api-object.ts';
import { type Discovered, discover } from './discovery-client.ts';
import type { LabClient } from './lab-client.ts';

/** Where the objects of a kind are. */
export interface RestMapping {
  readonly resource: GroupVersionResource;
  readonly namespaced: boolean;
}

interface Delegate {
  /** By `GROUP/VERSION KIND`. */
  readonly byKind: ReadonlyMap<string, RestMapping>;
  /** By `GROUP/VERSION RESOURCE`. */
  readonly kinds: ReadonlyMap<string, string>;
}

/**
 * Kinds to resources and back, as client-go's DeferredDiscoveryRESTMapper over a memory cache: discovery is read when
 * somebody first asks, and again only after `reset`; a kind that is unknown then stays unknown until then. Which server's
 * discovery it was therefore decides for the whole time between two resets.
 */
export class RestMapper {
  readonly #client: LabClient;
  #delegate: Promise<Delegate> | undefined;

  constructor(client: LabClient) {
    this.#client = client;
  }

  /** Undefined: no such kind. Rejects with ClientError when discovery cannot be read; the next call tries again. */
  async mapping(apiVersion: string, kind: string): Promise<RestMapping | undefined> {
    return (await this.#ready()).byKind.get(`${apiVersion} ${kind}`);
  }

  /** Undefined: no such resource. Rejects as `mapping` does. */
  async kindFor(type: GroupVersionResource): Promise<string | undefined> {
    return (await this.#ready()).kinds.get(`${groupVersion(type)} ${type.resource}`);
  }

  reset(): void {
    this.#delegate = undefined;
  }

  #ready(): Promise<Delegate> {
    if (this.#delegate !== undefined) return this.#delegate;
    const pending = discover(this.#client).then(delegateOf);
    this.#delegate = pending;
    pending.catch(() => {
      if (this.#delegate === pending) this.#delegate = undefined;
    });
    return pending;
  }
}

function delegateOf({ resources }: Discovered): Delegate {
  const byKind = new Map<string, RestMapping>();
  const kinds = new Map<string, string>();
  for (const [apiVersion, found] of resources) {
    for (const { group, version, resource, kind, namespaced } of found) {
      kinds.set(`${apiVersion} ${resource}`, kind);
      // Several resources can have one kind; client-go's mapper keeps the last one added.
      byKind.set(`${apiVersion} ${kind}`, { resource: { group, version, resource }, namespaced });
    }
  }
  return { byKind, kinds };
}
