import { type ServerDiscovery, serverDiscovery } from '../../../discovery/server-discovery.ts';
import type { GroupVersionResource } from '../../api-object.ts';
import type { Recording } from '../../recording/recording.ts';
import type { Entry, Store, StoreEvent, Watch } from '../../store/store.ts';
import type { ServedType, ServedTypes } from '../served-type.ts';
import { CrdLifecycle } from './crd-lifecycle.ts';
import { customType, withCustomGroups } from './custom-discovery.ts';
import {
  CRD_PREFIX,
  type CustomResourceDefinition,
  conditionStatus,
  customResourceDefinition,
} from './custom-resource-definition.ts';
import { servedTypes } from './served-types.ts';

export interface TypeCatalogOptions {
  /** Which server this is. */
  readonly recording: Recording;
  /** Holds the CustomResourceDefinitions. */
  readonly store: Store;
  /**
   * Milliseconds after which this server notices a new, changed or deleted CustomResourceDefinition. Those that are there
   * when it starts are served from the beginning: a server is not ready before.
   */
  readonly crdLagMs: number;
  /** Epoch milliseconds; default the system's clock. */
  readonly clock?: () => number;
  /** Runs `action` after some milliseconds, unless the result is called before. Default: a timer. */
  readonly schedule?: (action: () => void, delayMs: number) => () => void;
}

/** What one server serves at this moment: what it was recorded with, and the CustomResourceDefinitions it has taken up. */
export class TypeCatalog implements ServedTypes {
  readonly recording: Recording;
  readonly #recorded: ServerDiscovery;
  readonly #store: Store;
  readonly #crdLagMs: number;
  readonly #schedule: (action: () => void, delayMs: number) => () => void;
  readonly #lifecycle: CrdLifecycle;
  readonly #pending = new Set<() => void>();
  /** Definitions as this server has noticed them, by key. */
  readonly #noticed = new Map<string, CustomResourceDefinition>();
  /** Who wants to know that a type has gone. */
  readonly #awaited = new Set<{ readonly type: GroupVersionResource; readonly listener: () => void }>();
  readonly #watch: Watch;
  #current: { readonly discovery: ServerDiscovery; readonly types: ReadonlyMap<string, ServedType> } | undefined;

  constructor({ recording, store, crdLagMs, clock = Date.now, schedule = onTimer }: TypeCatalogOptions) {
    this.recording = recording;
    this.#recorded = serverDiscovery(recording.api, recording.apis);
    this.#store = store;
    this.#crdLagMs = crdLagMs;
    this.#schedule = schedule;
    this.#lifecycle = new CrdLifecycle(store, () => `${new Date(clock()).toISOString().slice(0, 19)}Z`);
    const { entries, revision } = store.range(CRD_PREFIX);
    for (const { key, value } of entries) this.#noticed.set(key, customResourceDefinition(value));
    for (const entry of entries) this.#take(entry);
    this.#watch = store.watch(CRD_PREFIX, revision, (event) => this.#notice(event));
  }

  /** What aggregated discovery of this server says; another object after every change. */
  get discovery(): ServerDiscovery {
    return this.#state.discovery;
  }

  find(type: GroupVersionResource): ServedType | undefined {
    return this.#state.types.get(keyOf(type));
  }

  all(): Iterable<ServedType> {
    return this.#state.types.values();
  }

  onGone(type: GroupVersionResource, listener: () => void): () => void {
    const awaited = { type, listener };
    this.#awaited.add(awaited);
    return () => this.#awaited.delete(awaited);
  }

  /** Whether the group is one of the server itself; groups of CustomResourceDefinitions are not. The core group is ''. */
  isCompiledIn(group: string): boolean {
    const { api, apis } = this.#recorded;
    return [...api, ...apis].some(({ metadata: { name } }) => name === group);
  }

  close(): void {
    this.#watch.close();
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
    this.#lifecycle.close();
  }

  #changed(): void {
    this.#current = undefined;
    for (const awaited of [...this.#awaited]) {
      if (this.find(awaited.type) !== undefined) continue;
      this.#awaited.delete(awaited);
      awaited.listener();
    }
  }

  #notice(event: StoreEvent): void {
    const take = () => {
      if (event.kind === 'put') this.#take(event.entry);
      else this.#drop(event.last.key);
    };
    if (this.#crdLagMs <= 0) {
      take();
      return;
    }
    const cancel = this.#schedule(() => {
      this.#pending.delete(cancel);
      take();
    }, this.#crdLagMs);
    this.#pending.add(cancel);
  }

  #take(entry: Entry): void {
    const { group } = customResourceDefinition(entry.value);
    const others = [...this.#noticed].filter(([key, other]) => key !== entry.key && other.group === group);
    const definition = customResourceDefinition(
      this.#lifecycle.establish(
        entry,
        others.map(([, other]) => other),
      ),
    );
    this.#noticed.set(entry.key, definition);
    this.#changed();
    if (definition.terminating) this.#lifecycle.finalize(entry.key);
  }

  /** Its names are free now for definitions that waited for them. */
  #drop(key: string): void {
    const group = this.#noticed.get(key)?.group;
    this.#noticed.delete(key);
    this.#changed();
    for (const [other, definition] of [...this.#noticed]) {
      if (definition.group !== group || conditionStatus(definition, 'NamesAccepted') === 'True') continue;
      const entry = this.#store.get(other);
      if (entry !== undefined) this.#take(entry);
    }
  }

  get #state() {
    if (this.#current === undefined) {
      const served = [...this.#noticed.values()]
        .filter((definition) => conditionStatus(definition, 'Established') === 'True')
        .map((definition) => ({ ...definition, names: definition.acceptedNames }));
      const { api } = this.#recorded;
      const discovery = { api, apis: withCustomGroups(this.#recorded.apis, served) };
      const custom = new Map(
        served.map((definition) => [`${definition.group}/${definition.names.plural}`, definition]),
      );
      const types = servedTypes([...api, ...discovery.apis], (type) => {
        const definition = custom.get(`${type.group}/${type.resource}`);
        return definition && customType(definition, type);
      });
      this.#current = { discovery, types: new Map(types.map((type) => [keyOf(type), type])) };
    }
    return this.#current;
  }
}

function keyOf({ group, version, resource }: GroupVersionResource): string {
  return `${group}/${version}/${resource}`;
}

function onTimer(action: () => void, delayMs: number): () => void {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
}
