import type { DiscoveryConflict } from '../discovery/conflict.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import type { GroupVersionResource } from '../kubernetes/type-declaration.ts';
import { DiscoveryCounters, type DiscoveryTrigger } from '../observe/discovery-counters.ts';
import type { Control, ProxySnapshot } from '../proxy/proxy-snapshot.ts';
import type { Upstream } from '../wire/upstream.ts';
import { controlIdentity } from './control-identity.ts';
import type { DepartedServer } from './departures.ts';
import { DocumentIds } from './document-ids.ts';
import { MergedView } from './merged-view.ts';
import { OpenAPIView } from './openapi/openapi-view.ts';
import { peerView } from './peer-trust.ts';
import { REFRESH_PATIENCE_MS, RefreshSchedule } from './refresh-schedule.ts';
import { type MonitorDependencies, type MonitorSettings, ServerMonitor } from './server-monitor.ts';
import { ServerMonitors } from './server-monitors.ts';
import { ServerReports } from './server-reports.ts';
import type { ServerSpec } from './server-spec.ts';
import { isDecided } from './server-state.ts';
import { mergeInputs, type ServerReport, SnapshotBuilder } from './snapshot-builder.ts';
import { TypeDeclarations } from './type-declarations.ts';
import type { WatchTrigger } from './watches/watched-resource.ts';

export interface RegistrySettings extends Omit<MonitorSettings, 'readsDiscovery'> {
  /** Milliseconds without a successful reading after which a server's document counts as stale. */
  readonly staleAfterMs: number;
  /**
   * Milliseconds for which an unknown type is not believed to be unknown while a server has not been seen, and for which the
   * types of a server that left stay known.
   */
  readonly graceMs: number;
  /** Milliseconds after its last reading when a server that is not ready is forgotten; undefined: never. */
  readonly expireAfterMs: number | undefined;
  /** Least milliseconds between the beginnings of two refreshes that requests ask for. */
  readonly refreshSpacingMs: number;
}

export interface RegistryDependencies extends MonitorDependencies {
  /** What it learned is taken over for servers of equal name and address. */
  readonly previous?: ServerRegistry | undefined;
  /** Called when a server tells that an API server came or went (its Lease, the EndpointSlice). */
  readonly membershipChanged?: (() => void) | undefined;
  /** Called after every swap of the snapshot, to which each change of a server's state leads, and once when it is complete. */
  readonly swapped?: (() => void) | undefined;
}

const AGEING_CHECK_MS = 1_000;

/**
 * The control path: watches every server and swaps the snapshot that the request path reads.
 * Routing changes are visible at once; the merged documents follow when they are encoded and compressed.
 */
export class ServerRegistry implements Control {
  /** Since the start of the program. */
  readonly discoveryCounters: DiscoveryCounters;
  readonly #settings: RegistrySettings;
  readonly #clock: () => number;
  readonly #membershipChanged: (() => void) | undefined;
  readonly #swapped: (() => void) | undefined;
  readonly #servers: ServerMonitors;
  readonly #reports: ServerReports;
  readonly #view: ProxySnapshot['view'];
  readonly #ageing: NodeJS.Timeout;
  readonly #declarations: TypeDeclarations;
  readonly #ids = new DocumentIds();
  readonly #merged: MergedView;
  readonly #openapi: OpenAPIView;
  readonly #refreshes: RefreshSchedule;
  readonly #builder = new SnapshotBuilder();
  readonly #complete = Promise.withResolvers<void>();
  #snapshot: ProxySnapshot;
  #isComplete = false;

  constructor(specs: readonly ServerSpec[], settings: RegistrySettings, dependencies: RegistryDependencies) {
    const { logger, clock, previous } = dependencies;
    this.#settings = settings;
    this.#clock = clock;
    this.#membershipChanged = dependencies.membershipChanged;
    this.#swapped = dependencies.swapped;
    this.#view = peerView(settings.trust).kind;
    this.discoveryCounters = previous?.discoveryCounters ?? new DiscoveryCounters();
    this.#merged = new MergedView(logger, (seconds) => {
      this.discoveryCounters.publishing.add(seconds);
      this.#swap();
      this.#judge();
    });
    this.#openapi = new OpenAPIView(logger);
    this.#refreshes = new RefreshSchedule({
      spacingMs: settings.refreshSpacingMs,
      clock,
      read: () => this.#readAll(),
    });
    const monitorSettings = { ...settings, readsDiscovery: this.#view === 'merged' };
    const monitorDependencies: MonitorDependencies = {
      ...dependencies,
      triggered: (trigger, at) => this.#triggered(trigger, at),
      compared: (monitor, before) => this.#servers.compare(monitor, before),
      counters: this.discoveryCounters,
    };
    this.#reports = new ServerReports(settings.expireAfterMs, clock);
    const open = (spec: ServerSpec): ServerMonitor => {
      const learned = () => {
        this.#reports.forget(monitor);
        this.#rebuild();
      };
      const monitor: ServerMonitor = new ServerMonitor(spec, monitorSettings, monitorDependencies, learned);
      return monitor;
    };
    this.#servers = new ServerMonitors(
      specs,
      open,
      settings.graceMs,
      clock,
      previous === undefined ? undefined : previous.#servers,
    );
    if (previous !== undefined && this.#view === 'merged') this.#merged.inherit(previous.#merged);
    this.#declarations = new TypeDeclarations({
      servers: (type) => this.#serving(type),
      lists: (group, version) => this.#snapshot.groups.serversOf(group, version).length > 0,
      fields: controlIdentity(settings.trust).fields,
      logger,
      clock,
    });
    this.#snapshot = this.#build();
    this.#ageing = setInterval(() => this.#age(), AGEING_CHECK_MS);
    this.#ageing.unref();
  }

  get snapshot(): ProxySnapshot {
    return this.#snapshot;
  }

  /** One for each server on the list. */
  get monitors(): readonly ServerMonitor[] {
    return this.#servers.present;
  }

  /** What the merged documents say; undefined until there was something to merge, and with a server-local view. */
  get merged(): ServerDiscovery | undefined {
    return this.#merged.merged;
  }

  /** Contradictions between the servers' documents, as of the last merge. */
  get conflicts(): readonly DiscoveryConflict[] {
    return this.#merged.conflicts;
  }

  /**
   * There are servers, and every one that can be reached was probed, and read if it is healthy (product.md section 8). Holds
   * from then on.
   */
  get complete(): boolean {
    return this.#isComplete;
  }

  /** The merged documents say all that has been read; they are prepared apart from the snapshot. */
  get settled(): boolean {
    return this.#merged.isSettled;
  }

  get anyReady(): boolean {
    return this.#snapshot.servers.some(({ ready }) => ready);
  }

  /** Servers that left less than the departure grace ago, and what restarted ones were until then. */
  get departed(): readonly DepartedServer[] {
    return this.#servers.departed;
  }

  /** Resolves when `complete` holds. */
  whenComplete(): Promise<void> {
    return this.#complete.promise;
  }

  start(): void {
    this.#servers.start();
  }

  async stop(graceMs: number): Promise<void> {
    clearInterval(this.#ageing);
    await this.#servers.stop(graceMs);
  }

  /** Whether some server is ready now that is also one of `specs`. */
  keepsReady(specs: readonly ServerSpec[]): boolean {
    return this.#servers.keepsReady(specs);
  }

  /**
   * From now on the servers are `specs`. Those that stay keep their connections and everything that is open on them; new ones
   * are watched from now on; those that are no longer listed get no new requests, and their types stay known for the
   * departure grace. A server that comes back within it is known from the first moment.
   */
  update(specs: readonly ServerSpec[]): void {
    this.#servers.update(specs, () => {
      this.#reports.forgetAll();
      this.#rebuild();
    });
  }

  refresh(trigger: DiscoveryTrigger): Promise<void> {
    this.discoveryCounters.triggered(trigger);
    return this.#refreshes.ask();
  }

  isSettling(type: GroupVersionResource, since: number): Promise<boolean> {
    return this.#declarations.isSettling(type, since);
  }

  /** Our own connections to servers that answer and serve objects of `type`. */
  #serving({ group, version, resource }: GroupVersionResource): Upstream[] {
    const { table, servers } = this.#snapshot;
    const found = table.lookup(group, version, resource, '', 'get');
    if (found.kind !== 'capable') return [];
    const names = found.servers.map((position) => servers[position]?.name);
    return this.monitors
      .filter((monitor) => names.includes(monitor.spec.name) && monitor.answers(REFRESH_PATIENCE_MS))
      .map(({ connections }) => connections.discovery);
  }

  /** The readings of one server follow each other (`Repeater.again`), so that one that hangs delays no other one's. */
  async #readAll(): Promise<boolean> {
    const documents = this.#documents();
    const answering = this.monitors.filter((monitor) => monitor.answers(REFRESH_PATIENCE_MS) || monitor.mayBeBack);
    await Promise.all(answering.map((monitor) => monitor.refresh()));
    await this.#merged.settled();
    return this.#documents() !== documents;
  }

  /** Which documents were read last; equal strings for the same ones. */
  #documents(): string {
    return this.monitors.map(({ fetched }) => this.#ids.of(fetched)).join(' ');
  }

  /** A change of types was seen at one server; servers that cannot tell us of it themselves will show it as well. */
  #triggered(trigger: WatchTrigger, at: ServerMonitor): void {
    if (trigger === 'lease' || trigger === 'endpointslice') {
      this.#membershipChanged?.();
      at.check();
      void this.refresh(trigger);
      return;
    }
    this.discoveryCounters.triggered(trigger);
    for (const monitor of this.monitors) if (monitor === at || !monitor.sees(trigger)) monitor.follow();
  }

  #rebuild(): void {
    this.#swap();
    this.#merge();
    this.#judge();
  }

  /** What time alone changes: documents become stale, servers are forgotten. */
  #age(): void {
    this.#servers.prune();
    this.#reports.forgetAll();
    this.discoveryCounters.keepOnly(new Set(this.#reportAll().map(({ name }) => name)));
    this.#rebuild();
  }

  #swap(): void {
    this.#snapshot = this.#build();
    this.#swapped?.();
  }

  /** The first documents may be of one server alone: what is being prepared has to be waited for. */
  #judge(): void {
    if (this.#isComplete) return;
    const isPublished = this.#snapshot.published !== undefined && this.#merged.isSettled;
    const isMerged = this.#view === 'server-local' || isPublished || !this.anyReady;
    const isDone = ({ state, openapi }: ServerMonitor) =>
      isDecided(state) && (this.#view === 'server-local' || state.kind !== 'ready' || openapi.isTried);
    this.#isComplete = isMerged && this.monitors.length > 0 && this.monitors.every(isDone);
    if (!this.#isComplete) return;
    this.#complete.resolve();
    this.#swapped?.();
  }

  #merge(): void {
    if (this.#view === 'server-local') return;
    this.#merged.update(mergeInputs(this.#reportAll(), this.#clock(), this.#settings.staleAfterMs));
  }

  #build(): ProxySnapshot {
    const reports = this.#builder.order(this.#reportAll());
    if (this.#view === 'merged') this.#openapi.update(reports);
    return this.#builder.build({
      generation: (this.#snapshot?.generation ?? 0) + 1,
      reports,
      view: this.#view,
      published: this.#merged.published,
      openapi: this.#openapi,
      incompleteUntil: this.#servers.incompleteUntil(this.#settings.graceMs),
    });
  }

  #reportAll(): ServerReport[] {
    return this.#reports.of(this.#servers.present, this.#servers.departed);
  }
}
