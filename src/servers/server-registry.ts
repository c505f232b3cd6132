import type { DiscoveryConflict } from '../discovery/conflict.ts';
import { mergeDiscovery } from '../discovery/merge.ts';
import { type PublishedDiscovery, publishDiscovery } from '../discovery/published-discovery.ts';
import type { Logger } from '../observe/logger.ts';
import type { Control, ProxySnapshot } from '../proxy/proxy-snapshot.ts';
import { peerView } from './peer-trust.ts';
import { backendOf } from './server-connections.ts';
import { type MonitorSettings, ServerMonitor } from './server-monitor.ts';
import type { ServerSpec } from './server-spec.ts';
import { conditionOf, isDecided } from './server-state.ts';
import { buildSnapshot, buildTables, mergeInputs, type RoutingTables, type ServerReport } from './snapshot-builder.ts';

export interface RegistrySettings extends Omit<MonitorSettings, 'readsDiscovery'> {
  /** Milliseconds without a successful reading after which a server's document counts as stale. */
  readonly staleAfterMs: number;
  /** Milliseconds for which an unknown type is not believed to be unknown while a server has not been seen. */
  readonly graceMs: number;
  /** Milliseconds between refreshes that requests ask for, and the longest they wait for one. */
  readonly refreshMs: number;
}

const NO_CONDITIONS = { '/api': undefined, '/apis': undefined };

/**
 * The control path: watches every server and swaps the snapshot that the request path reads.
 * Routing changes are visible at once; the merged documents follow when they are encoded and compressed.
 */
export class ServerRegistry implements Control {
  readonly monitors: readonly ServerMonitor[];
  readonly #settings: RegistrySettings;
  readonly #logger: Logger;
  readonly #clock: () => number;
  readonly #incompleteUntil: number;
  readonly #view: ProxySnapshot['view'];
  readonly #staleness: NodeJS.Timeout;
  #snapshot: ProxySnapshot;
  #tables: { readonly key: string; readonly tables: RoutingTables } | undefined;
  #published: PublishedDiscovery | undefined;
  #conflicts: readonly DiscoveryConflict[] = [];
  #publishing: Promise<void> | undefined;
  #publishAgain = false;
  #mergedKey = '';
  #refreshing: Promise<void> | undefined;
  #refreshedAt = 0;
  readonly #documents = new WeakMap<object, number>();
  #documentCount = 0;
  readonly #waiting = new Set<() => void>();

  constructor(specs: readonly ServerSpec[], settings: RegistrySettings, logger: Logger, clock: () => number) {
    this.#settings = settings;
    this.#logger = logger;
    this.#clock = clock;
    this.#incompleteUntil = clock() + settings.graceMs;
    this.#view = peerView(settings.trust).kind;
    const monitorSettings = { ...settings, readsDiscovery: this.#view === 'merged' };
    this.monitors = specs.map((spec) => new ServerMonitor(spec, monitorSettings, logger, clock, () => this.#rebuild()));
    this.#snapshot = this.#build(this.#reports());
    this.#staleness = setInterval(() => this.#publishIfChanged(), 1_000);
    this.#staleness.unref();
  }

  get snapshot(): ProxySnapshot {
    return this.#snapshot;
  }

  /** Contradictions between the servers' documents, as of the last merge. */
  get conflicts(): readonly DiscoveryConflict[] {
    return this.#conflicts;
  }

  start(): void {
    for (const monitor of this.monitors) monitor.start();
  }

  async stop(graceMs: number): Promise<void> {
    clearInterval(this.#staleness);
    await Promise.all(this.monitors.map((monitor) => monitor.stop(graceMs)));
  }

  refresh(): Promise<void> {
    if (this.#refreshing !== undefined) return this.#refreshing;
    if (this.#clock() - this.#refreshedAt < this.#settings.refreshMs) return Promise.resolve();
    this.#refreshedAt = this.#clock();
    const all = Promise.all(this.monitors.map((monitor) => monitor.refresh()));
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#settings.refreshMs);
    });
    this.#refreshing = Promise.race([all.then(() => this.#publishing), bound]).finally(() => {
      clearTimeout(timer);
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Complete for every server that can be reached: each was probed, and read if it is healthy (product.md section 8). */
  get complete(): boolean {
    const decided = this.monitors.every(({ state }) => isDecided(state));
    const merged = this.#view === 'server-local' || this.#published !== undefined || !this.anyReady;
    return decided && merged;
  }

  get anyReady(): boolean {
    return this.#snapshot.servers.some(({ ready }) => ready);
  }

  /** Resolves when `complete` first holds. */
  async whenComplete(): Promise<void> {
    while (!this.complete) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #rebuild(): void {
    this.#snapshot = this.#build(this.#reports());
    this.#publishIfChanged();
    this.#wake();
  }

  #build(reports: readonly ServerReport[]): ProxySnapshot {
    const key = this.#keyOf(reports);
    if (this.#tables?.key !== key) this.#tables = { key, tables: buildTables(reports) };
    return buildSnapshot(
      {
        generation: (this.#snapshot?.generation ?? 0) + 1,
        reports,
        view: this.#view,
        published: this.#published,
        incompleteUntil: this.#incompleteUntil,
      },
      this.#tables.tables,
    );
  }

  #reports(): ServerReport[] {
    return this.monitors.map(({ spec, state, version, fetched, confirmedAt, connections }) => ({
      name: spec.name,
      local: spec.local,
      version,
      ready: state.kind === 'ready',
      condition: conditionOf(state),
      discovery: fetched?.discovery,
      confirmedAt,
      backend: backendOf(spec.name, connections, fetched?.conditions ?? NO_CONDITIONS),
    }));
  }

  #publishIfChanged(): void {
    if (this.#view === 'server-local') return;
    const inputs = mergeInputs(this.#reports(), this.#clock(), this.#settings.staleAfterMs);
    if (inputs.length === 0) return;
    const key = inputs
      .map((input) => `${input.server} ${input.ready && input.fresh} ${this.#documentId(input.discovery)}`)
      .join('\n');
    if (key === this.#mergedKey && this.#publishing === undefined) return;
    if (this.#publishing !== undefined) {
      this.#publishAgain = true;
      return;
    }
    this.#mergedKey = key;
    const { conflicts, ...merged } = mergeDiscovery(inputs);
    this.#conflicts = conflicts;
    this.#publishing = publishDiscovery(merged, this.#published)
      .then((published) => {
        this.#published = published;
        this.#snapshot = this.#build(this.#reports());
      })
      .catch((error: unknown) =>
        this.#logger.error('the merged view cannot be published; the last one stays', { error }),
      )
      .finally(() => {
        this.#publishing = undefined;
        if (this.#publishAgain) {
          this.#publishAgain = false;
          this.#publishIfChanged();
        }
        this.#wake();
      });
  }

  /** Names what tables depend on: the servers' order and documents. */
  #keyOf(reports: readonly ServerReport[]): string {
    return reports
      .map(({ name, version, discovery }) => `${name} ${JSON.stringify(version)} ${this.#documentId(discovery)}`)
      .join('\n');
  }

  #documentId(discovery: object | undefined): number {
    if (discovery === undefined) return 0;
    const known = this.#documents.get(discovery);
    if (known !== undefined) return known;
    this.#documents.set(discovery, ++this.#documentCount);
    return this.#documentCount;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
