import { type GroupVersionResource, groupVersion } from '../api-object.ts';
import { resourcePath } from '../client/api-path.ts';
import { Informer, METADATA_ACCEPT } from '../client/informer.ts';
import type { LabClient } from '../client/lab-client.ts';
import type { RestMapper } from '../client/rest-mapper.ts';
import type { OwnerGraph, WatchedKind } from './owner-graph.ts';

interface Monitor {
  readonly type: GroupVersionResource;
  readonly watched: WatchedKind;
  /** Undefined until it is started. */
  informer: Informer | undefined;
}

export function typeKey(type: GroupVersionResource): string {
  return `${groupVersion(type)} ${type.resource}`;
}

/** The informers that feed the graph, one for each type (syncMonitors, startMonitors of graph_builder.go). */
export class Monitors {
  readonly #client: LabClient;
  readonly #mapper: RestMapper;
  readonly #graph: OwnerGraph;
  readonly #onSynced: () => void;
  #monitors = new Map<string, Monitor>();
  #isClosed = false;

  constructor(client: LabClient, mapper: RestMapper, graph: OwnerGraph, onSynced: () => void) {
    this.#client = client;
    this.#mapper = mapper;
    this.#graph = graph;
    this.#onSynced = onSynced;
  }

  /** There are some, and each has its first list. */
  get areSynced(): boolean {
    return this.#monitors.size > 0 && [...this.#monitors.values()].every(({ informer }) => informer?.isSynced === true);
  }

  isSynced(type: GroupVersionResource): boolean {
    return this.#monitors.get(typeKey(type))?.informer?.isSynced === true;
  }

  /**
   * Watches exactly these types. When the mapper knows the kind of one of them not, none is started: the mapper's discovery
   * and that of the caller came from different servers, and the next try may be luckier. Returns whether all are started.
   */
  async sync(types: readonly GroupVersionResource[]): Promise<boolean> {
    const current = new Map<string, Monitor>();
    let isComplete = true;
    for (const type of types) {
      const key = typeKey(type);
      const known = this.#monitors.get(key);
      const kind = known === undefined ? await this.#mapper.kindFor(type).catch(() => undefined) : undefined;
      if (known !== undefined) current.set(key, known);
      else if (kind === undefined) isComplete = false;
      else current.set(key, { type, watched: { apiVersion: groupVersion(type), kind }, informer: undefined });
    }
    for (const [key, { informer }] of this.#monitors) if (!current.has(key)) informer?.close();
    this.#monitors = current;
    if (isComplete) for (const monitor of current.values()) this.#start(monitor);
    return isComplete;
  }

  close(): void {
    this.#isClosed = true;
    for (const { informer } of this.#monitors.values()) informer?.close();
    this.#monitors.clear();
  }

  #start(monitor: Monitor): void {
    if (monitor.informer !== undefined || this.#isClosed) return;
    const { type, watched } = monitor;
    monitor.informer = new Informer({
      client: this.#client,
      path: resourcePath(type),
      accept: METADATA_ACCEPT,
      handlers: {
        add: (object) => this.#graph.observed(watched, object),
        update: (previous, object) => this.#graph.observed(watched, object, previous),
        remove: (last) => this.#graph.removed(watched, last),
      },
    });
    void monitor.informer.synced.then(this.#onSynced);
  }
}
