import { isDeepStrictEqual } from 'node:util';
import type { OwnerReference } from '../api-object.ts';
import { isNotFound } from '../client/client-error.ts';
import type { DiscoveredResource } from '../client/discovery-client.ts';
import type { LabClient } from '../client/lab-client.ts';
import type { ListedObject } from '../client/listed-object.ts';
import { pause } from '../client/pause.ts';
import { RestMapper } from '../client/rest-mapper.ts';
import { deletableResources } from './deletable-resources.ts';
import { Monitors, typeKey } from './monitors.ts';
import { NamespacedOwnerError, ObjectAccess, type Propagation } from './object-access.ts';
import { type ObjectReference, ownerOf } from './object-reference.ts';
import { FOREGROUND_FINALIZER, type GraphNode, hasFinalizer, ORPHAN_FINALIZER, OwnerGraph } from './owner-graph.ts';
import { type Worked, WorkQueue } from './work-queue.ts';

export interface GarbageCollectorOptions {
  readonly client: LabClient;
  /**
   * Milliseconds between two looks at discovery, and after which the RESTMapper forgets; also how long the first lists are
   * waited for before the work begins without them. kube-controller-manager: 30 s each.
   */
  readonly syncPeriodMs?: number;
  /** Hears of every object that is deleted because no owner of it exists. */
  readonly onCollect?: (item: ObjectReference) => void;
}

const DEFAULT_SYNC_PERIOD_MS = 30_000;
/** `--concurrent-gc-syncs`. */
const WORKERS = 20;

/** What the API said about the owners of an object. */
interface Classified {
  readonly solid: OwnerReference[];
  readonly dangling: OwnerReference[];
  /** Being deleted in the foreground. */
  readonly waiting: OwnerReference[];
}

/**
 * Deletes objects whose owners are gone, as kube-controller-manager's garbage collector (kubernetes
 * pkg/controller/garbagecollector/garbagecollector.go, 1.36). It shares that one's belief in 404s: whatever server answers
 * the GET of an owner with reason NotFound, be it that the type is unknown there, makes the owner absent and its dependents
 * garbage. A kind without a mapping is only tried again.
 */
export class GarbageCollector {
  readonly #options: GarbageCollectorOptions;
  readonly #access: ObjectAccess;
  readonly #mapper: RestMapper;
  readonly #graph: OwnerGraph;
  readonly #monitors: Monitors;
  readonly #deletions: WorkQueue<GraphNode>;
  readonly #orphanings: WorkQueue<GraphNode>;
  readonly #closing = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #waiters = new Set<() => void>();
  #isWorking = false;

  /** Starts at once. */
  constructor(options: GarbageCollectorOptions) {
    this.#options = options;
    const { client, syncPeriodMs = DEFAULT_SYNC_PERIOD_MS } = options;
    this.#mapper = new RestMapper(client);
    this.#access = new ObjectAccess(client, this.#mapper);
    const onIdle = (): void => this.#wake();
    this.#deletions = new WorkQueue({ workers: WORKERS, work: (node) => this.#attemptToDelete(node), onIdle });
    this.#orphanings = new WorkQueue({ workers: WORKERS, work: (node) => this.#attemptToOrphan(node), onIdle });
    this.#graph = new OwnerGraph({
      attemptToDelete: (node, when) => {
        if (when === 'now') this.#deletions.add(node);
        else this.#deletions.addRateLimited(node);
      },
      attemptToOrphan: (node) => this.#orphanings.add(node),
    });
    this.#monitors = new Monitors(client, this.#mapper, this.#graph, () => this.#startWorkWhenSynced());
    this.#timers.push(setTimeout(() => this.#startWork(), syncPeriodMs));
    this.#timers.push(setInterval(() => this.#mapper.reset(), syncPeriodMs));
    void this.#syncPeriodically(syncPeriodMs);
  }

  /** Objects are judged: the first lists are here, or were waited for long enough. */
  get isWorking(): boolean {
    return this.#isWorking;
  }

  /** Resolves when it has begun its work and has nothing to judge at once; retries may be waiting. Also when it is closed. */
  settled(): Promise<void> {
    if (this.#isSettled()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.add(resolve);
    });
  }

  /** Forgets everything. */
  close(): void {
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#monitors.close();
    this.#deletions.close();
    this.#orphanings.close();
    this.#wake();
  }

  #isSettled(): boolean {
    return this.#closing.signal.aborted || (this.#isWorking && this.#deletions.isIdle && this.#orphanings.isIdle);
  }

  #wake(): void {
    if (!this.#isSettled()) return;
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
  }

  #startWorkWhenSynced(): void {
    if (this.#monitors.areSynced) this.#startWork();
  }

  #startWork(): void {
    if (this.#isWorking || this.#closing.signal.aborted) return;
    this.#isWorking = true;
    this.#deletions.start();
    this.#orphanings.start();
  }

  async #syncPeriodically(periodMs: number): Promise<void> {
    const { signal } = this.#closing;
    let before = new Map<string, DiscoveredResource>();
    while (!signal.aborted) {
      before = await this.#sync(before);
      await pause(periodMs, signal);
    }
  }

  /** Returns the types that are watched from now on; the same as before when that did not work. */
  async #sync(before: Map<string, DiscoveredResource>): Promise<Map<string, DiscoveredResource>> {
    const found = await deletableResources(this.#options.client).catch(() => undefined);
    if (found === undefined || found.resources.length === 0) return before;
    const now = new Map(found.resources.map((type) => [typeKey(type), type]));
    for (const [key, type] of before) {
      const isUnknown = found.failed.has(key.slice(0, key.indexOf(' ')));
      if (isUnknown && this.#monitors.isSynced(type)) now.set(key, type);
    }
    if (isDeepStrictEqual(new Set(before.keys()), new Set(now.keys()))) return before;
    this.#mapper.reset();
    if (!(await this.#monitors.sync([...now.values()]))) return before;
    this.#startWorkWhenSynced();
    return now;
  }

  async #attemptToDelete(node: GraphNode): Promise<Worked> {
    if (node.isVirtual) {
      const known = this.#graph.node(node.identity.uid);
      if (known === undefined || !known.isVirtual) return 'done';
    }
    try {
      if ((await this.#judge(node)) === 'absent') {
        this.#graph.foundAbsent(node.identity);
        return 'done';
      }
      // An object that came and went between two lists would otherwise stay virtual for ever.
      return node.isVirtual ? 'retry' : 'done';
    } catch (error) {
      return error instanceof NamespacedOwnerError ? 'done' : 'retry';
    }
  }

  /** attemptToDeleteItem. Throws when nothing certain can be said. */
  async #judge(node: GraphNode): Promise<'absent' | 'judged'> {
    const { identity } = node;
    if (node.isBeingDeleted && !node.isDeletingDependents) return 'judged';
    const latest = await orAbsent(this.#access.get(identity));
    if (latest === undefined || latest.metadata.uid !== identity.uid) return 'absent';
    if (node.isDeletingDependents) {
      await this.#deleteInForeground(node);
      return 'judged';
    }
    const { ownerReferences: owners = [] } = latest.metadata;
    if (owners.length === 0) return 'judged';
    const { solid, dangling, waiting } = await this.#classify(identity, owners);
    if (solid.length > 0) {
      const useless = [...dangling, ...waiting].map(({ uid }) => uid);
      if (useless.length > 0) await this.#access.removeOwners(identity, useless);
      return 'judged';
    }
    if (waiting.length > 0 && node.dependents.size > 0) {
      // Two objects that wait for each other would wait for ever.
      if ([...node.dependents].some(({ isDeletingDependents }) => isDeletingDependents)) {
        await this.#access.unblockOwners(identity, node.owners);
      }
      return this.#delete(identity, latest, 'Foreground');
    }
    if (waiting.length === 0) this.#options.onCollect?.(identity);
    return this.#delete(identity, latest, propagationOf(latest));
  }

  async #delete(item: ObjectReference, latest: ListedObject, propagation: Propagation): Promise<'absent' | 'judged'> {
    try {
      await this.#access.delete(item, latest, propagation);
      return 'judged';
    } catch (error) {
      if (isNotFound(error)) return 'absent';
      throw error;
    }
  }

  async #classify(item: ObjectReference, owners: readonly OwnerReference[]): Promise<Classified> {
    const classified: Classified = { solid: [], dangling: [], waiting: [] };
    for (const reference of owners) {
      const owner = await this.#lookUp(item, reference);
      if (owner === undefined) classified.dangling.push(reference);
      else if (owner.metadata.deletionTimestamp !== undefined && hasFinalizer(owner.metadata, FOREGROUND_FINALIZER)) {
        classified.waiting.push(reference);
      } else classified.solid.push(reference);
    }
    return classified;
  }

  /** isDangling: undefined for an owner that does not exist, as far as the server says that was asked, now or before. */
  async #lookUp(item: ObjectReference, reference: OwnerReference): Promise<ListedObject | undefined> {
    const { absentOwners } = this.#graph;
    if (absentOwners.has(ownerOf(reference, '')) || absentOwners.has(ownerOf(reference, item.namespace))) {
      return undefined;
    }
    const { namespaced } = await this.#access.mapping(reference);
    if (namespaced && item.namespace === '') throw new NamespacedOwnerError();
    const owner = ownerOf(reference, namespaced ? item.namespace : '');
    const found = await orAbsent(this.#access.get(owner));
    if (found?.metadata.uid === reference.uid) return found;
    absentOwners.add(owner);
    return undefined;
  }

  /** processDeletingDependentsItem. */
  async #deleteInForeground({ identity, dependents }: GraphNode): Promise<void> {
    const blocking = [...dependents].filter(({ owners }) =>
      owners.some(({ uid, blockOwnerDeletion }) => uid === identity.uid && blockOwnerDeletion === true),
    );
    if (blocking.length === 0) await this.#access.removeFinalizer(identity, FOREGROUND_FINALIZER);
    for (const dependent of blocking) if (!dependent.isDeletingDependents) this.#deletions.add(dependent);
  }

  async #attemptToOrphan({ identity, dependents }: GraphNode): Promise<Worked> {
    try {
      await Promise.all(
        [...dependents].map((dependent) => orAbsent(this.#access.removeOwners(dependent.identity, [identity.uid]))),
      );
      await this.#access.removeFinalizer(identity, ORPHAN_FINALIZER);
      return 'done';
    } catch {
      return 'retry';
    }
  }
}

/** Undefined for any 404 with reason NotFound: client-go's callers cannot tell an unknown type from an absent object. */
async function orAbsent<T>(pending: Promise<T>): Promise<T | undefined> {
  try {
    return await pending;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function propagationOf({ metadata }: ListedObject): Propagation {
  if (hasFinalizer(metadata, ORPHAN_FINALIZER)) return 'Orphan';
  return hasFinalizer(metadata, FOREGROUND_FINALIZER) ? 'Foreground' : 'Background';
}
