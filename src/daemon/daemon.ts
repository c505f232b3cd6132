import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createAdminHandler } from '../admin/admin-handler.ts';
import { controlPages } from '../admin/control-pages.ts';
import { describeStatus } from '../admin/status.ts';
import { changesForRestart } from '../config/changes.ts';
import type { Configuration } from '../config/schema.ts';
import { ProxyError } from '../errors.ts';
import type { NameResolver } from '../membership/name-resolver.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Logger } from '../observe/logger.ts';
import { Metrics } from '../observe/metrics.ts';
import { OpenWatches } from '../proxy/open-watches.ts';
import type { Publisher } from '../publishing/publisher.ts';
import { controlIdentity } from '../servers/control-identity.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';
import type { ServerSpec } from '../servers/server-spec.ts';
import { isDecided } from '../servers/server-state.ts';
import type { ExchangeHandler } from '../wire/exchange.ts';
import { type Listener, listen, listenPlain } from '../wire/listener.ts';
import type { ListenPlace } from '../wire/listening-sockets.ts';
import { FileWatch } from './file-watch.ts';
import { isSameMaterial, type Material, readMaterial } from './material.ts';
import { Members } from './members.ts';
import { membershipSettings } from './membership-settings.ts';
import { createPublisher } from './publication.ts';
import { unreadiness } from './readiness.ts';
import { clock, RequestPath } from './request-path.ts';
import { withOwnReadiness } from './serving-readiness.ts';
import { listenerLimits, routingPolicy, serverSpecs } from './settings.ts';

/** A running proxy. */
export interface Daemon {
  /** `https://address:port` */
  readonly servingAddress: string;
  /** `http://address:port`; undefined without an admin listener. */
  readonly adminAddress: string | undefined;
  /** Resolves when requests can be routed: every server that can be reached was probed and read. */
  ready(): Promise<void>;
  /** Why requests cannot be served now, in clauses; empty when they can. */
  unreadiness(): readonly string[];
  /** Serves a connection that another process accepted, for places that are `handed`. */
  take(listener: 'serving' | 'admin', connection: unknown): void;
  /** Fails readiness from now on, and goes on serving. */
  leave(): void;
  /**
   * Fails readiness and goes on serving for `delayMs`, so that balancers notice. Then nothing more is accepted, watches end
   * one after the other within `watchesMs`, other requests may finish within `drainMs`, and what is left is cut off.
   */
  stop(drainMs: number, drain?: DrainOptions): Promise<void>;
  /** Reads the configuration and all certificate files again. Rejects, and changes nothing, when they cannot be used. */
  reload(): Promise<void>;
}

/** Times in milliseconds. */
export interface DrainOptions {
  readonly delayMs: number;
  readonly watchesMs: number;
}

export interface ConfigurationSource {
  /** Absolute path of the configuration file, for watching; undefined when there is none. */
  readonly file: string | undefined;
  /** Rejects with what is wrong with it. */
  read(): Promise<Configuration>;
}

/** Between looks at servers that were found while the proxy started. */
const FOUND_POLL_MS = 20;

/** How long changed servers or peer certificates may take to be reached before they are refused. */
const PROOF_MS = 10_000;

/** The part of the drain in which the last watch ends, so that none is cut off at its end. */
const LAST_WATCH = 0.9;

export interface DaemonDependencies {
  readonly logger: Logger;
  /** Where the configuration comes from, for reading it again. Without it only the files it names are. */
  readonly source?: ConfigurationSource | undefined;
  /** Where to listen instead of where the configuration says. */
  readonly places?:
    | { readonly serving?: ListenPlace | undefined; readonly admin?: ListenPlace | undefined }
    | undefined;
  /** Gets every request that was answered. Must not throw. */
  readonly onExchange?: (record: ExchangeRecord) => void;
  /** False: another process of this proxy tells API servers with their own mixed version proxy where it is. */
  readonly publishes?: boolean;
  /** How names of servers become addresses. Default: as this machine does it. */
  readonly resolver?: NameResolver | undefined;
}

/** Binds the listeners and begins to watch the servers. Rejects when a file cannot be used or a port not be bound. */
export async function startDaemon(configuration: Configuration, dependencies: DaemonDependencies): Promise<Daemon> {
  const material = await readMaterial(configuration);
  const run = new ProxyRun(configuration, material, dependencies);
  await run.bind();
  return run;
}

class ProxyRun implements Daemon {
  readonly #logger: Logger;
  readonly #source: ConfigurationSource | undefined;
  readonly #path: RequestPath;
  readonly #members: Members;
  readonly #publisher: Publisher | undefined;
  readonly #watches = new OpenWatches();
  readonly #handler: ExchangeHandler;
  readonly #places: DaemonDependencies['places'];
  readonly #stopping = new AbortController();
  #configuration: Configuration;
  #material: Material;
  #watch: FileWatch;
  #reloading: Promise<void> = Promise.resolve();
  #reloadErrors = 0;
  #awaitingRestart = '';
  #serving: Listener | undefined;
  #admin: Listener | undefined;

  constructor(configuration: Configuration, material: Material, dependencies: DaemonDependencies) {
    const { logger, onExchange, source, places, resolver, publishes = true } = dependencies;
    this.#places = places;
    this.#configuration = configuration;
    this.#material = material;
    this.#logger = logger;
    this.#source = source;
    this.#path = new RequestPath(configuration, {
      servers: serverSpecs(configuration),
      peers: material.peers,
      trust: () => this.#material.clients,
      logger,
      onExchange,
      membershipChanged: () => this.#members.membership.refresh(),
    });
    this.#members = new Members(configuration, {
      material: () => this.#material,
      registry: () => this.#path.registry,
      listener: () => this.#serving,
      changed: (servers) => this.#path.registry.update(servers),
      logger,
      resolver,
    });
    this.#publisher = publishes
      ? createPublisher(configuration, {
          material: () => this.#material,
          registry: () => this.#path.registry,
          logger,
        })
      : undefined;
    this.#handler = withOwnReadiness(this.#watches.around(this.#path.handler), () => this.#stopping.signal.aborted);
    this.#watch = this.#watchFiles(material);
    this.#announce(material);
  }

  get servingAddress(): string {
    return `https://${address(this.#serving)}`;
  }

  get adminAddress(): string | undefined {
    return this.#admin === undefined ? undefined : `http://${address(this.#admin)}`;
  }

  async bind(): Promise<void> {
    const { serving, admin } = this.#configuration;
    try {
      this.#serving = await listen({
        ...(this.#places?.serving ?? { host: serving.bindAddress, port: serving.securePort }),
        tls: this.#material.listener,
        limits: listenerLimits(this.#configuration),
        handler: this.#handler,
      });
      if (admin.enabled) {
        const place = this.#places?.admin ?? { host: admin.bindAddress, port: admin.port };
        this.#admin = await listenPlain({ ...place, handler: this.#adminHandler() });
      }
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    this.#path.start();
    void this.#members.membership.start();
    this.#publisher?.start();
  }

  async ready(): Promise<void> {
    await this.#path.registry.whenComplete();
    // Nobody can be asked for more while no server is ready.
    if (!this.#path.registry.anyReady) return;
    await this.#members.membership.whenSettled();
    // Who was found just now is being looked at.
    const isUndecided = () => this.#path.registry.monitors.some(({ state }) => !isDecided(state));
    const until = clock() + PROOF_MS;
    while (isUndecided() && !this.#stopping.signal.aborted && clock() < until) await delay(FOUND_POLL_MS);
  }

  unreadiness(): readonly string[] {
    const reasons = unreadiness(this.#path.registry, this.#stopping.signal.aborted);
    if (reasons.length > 0 || this.#members.membership.isSettled) return reasons;
    return ['who the API servers are is still being read'];
  }

  take(listener: 'serving' | 'admin', connection: unknown): void {
    (listener === 'serving' ? this.#serving : this.#admin)?.take(connection);
  }

  leave(): void {
    this.#stopping.abort();
    this.#watch.close();
  }

  async stop(drainMs: number, { delayMs, watchesMs }: DrainOptions = { delayMs: 0, watchesMs: 0 }): Promise<void> {
    this.leave();
    // First of all, so that other API servers send nothing more.
    await this.#publisher?.stop();
    if (delayMs > 0) await delay(delayMs);
    if (watchesMs > 0) this.#watches.endWithin(Math.min(watchesMs, LAST_WATCH * drainMs));
    await this.#serving?.close(drainMs);
    this.#members.stop();
    await this.#path.registry.stop(0);
    await this.#admin?.close(0);
  }

  reload(): Promise<void> {
    // One after the other: a signal and a changed directory often come together.
    const result = this.#reloading.then(() => this.#reloadNow());
    this.#reloading = result.catch(() => {});
    return result;
  }

  async #reloadNow(): Promise<void> {
    try {
      const configuration = (await this.#source?.read()) ?? this.#configuration;
      const material = await readMaterial(configuration);
      this.#warnOfRestart(configuration);
      const settings = membershipSettings(configuration);
      const sameServers = isDeepStrictEqual(settings, membershipSettings(this.#configuration));
      const samePeers = isDeepStrictEqual(material.peers, this.#material.peers);
      if (sameServers && isSameMaterial(material, this.#material)) return;
      const servers = this.#members.membership.preview(settings);
      const isKept = samePeers && (sameServers || this.#keeps(servers));
      const registry = isKept ? undefined : await this.#provenRegistry(servers, material);
      if (this.#stopping.signal.aborted) {
        await registry?.stop(0);
        return;
      }
      this.#serving?.reload(material.listener);
      this.#configuration = configuration;
      this.#material = material;
      this.#watch.close();
      this.#watch = this.#watchFiles(material);
      this.#announce(material);
      if (registry !== undefined) this.#path.use(registry);
      this.#members.membership.configure(settings);
      // Whatever sources said while a registry was proven reached only the one before.
      if (registry !== undefined) registry.update(this.#members.membership.servers);
      this.#logger.info(sameServers ? 'certificate files were reloaded' : 'the list of servers was reloaded');
    } catch (error) {
      this.#reloadErrors++;
      throw error;
    }
  }

  #warnOfRestart(configuration: Configuration): void {
    const fields = changesForRestart(this.#configuration, configuration).join(', ');
    if (fields !== '' && fields !== this.#awaitingRestart) {
      this.#logger.warn(
        'the configuration file changed in fields that need a restart; they keep their values until then',
        {
          fields,
        },
      );
    }
    this.#awaitingRestart = fields;
  }

  /** `servers` can take the place of the present ones at once: requests can be routed as before, or cannot anyway. */
  #keeps(servers: readonly ServerSpec[]): boolean {
    const { registry } = this.#path;
    return !registry.anyReady || registry.keepsReady(servers);
  }

  /** A registry with the new servers or peer material; refused when it reaches no server although the one in use does. */
  async #provenRegistry(servers: readonly ServerSpec[], { peers }: Material): Promise<ServerRegistry> {
    const registry = this.#path.prepare(servers, peers);
    await Promise.race([registry.whenComplete(), delay(PROOF_MS, undefined, { ref: false })]);
    if (registry.anyReady || !this.#path.registry.anyReady) return registry;
    await registry.stop(0);
    throw new ProxyError(
      'MVP_CONFIG',
      'No server became ready with the changed list of servers, peer CA or proxy client certificate, so the old ones stay in use. Check that they belong together, then send SIGHUP.',
    );
  }

  #watchFiles({ files }: Material): FileWatch {
    const changed = () => {
      this.reload().catch((error: unknown) =>
        this.#logger.error('changed files cannot be used; the old ones stay in use, correct them', { error }),
      );
    };
    const watched = this.#source?.file === undefined ? files : [...files, this.#source.file];
    return new FileWatch(watched, changed, (error) =>
      this.#logger.warn('configuration and certificate files cannot be watched; send SIGHUP after changing them', {
        error,
      }),
    );
  }

  #announce({ peers, warnings }: Material): void {
    for (const warning of warnings) this.#logger.warn(warning);
    this.#path.announce(peers);
  }

  #adminHandler() {
    const path = this.#path;
    const publisher = this.#publisher;
    const metrics = new Metrics({
      counters: path.counters,
      discovery: () => path.registry.discoveryCounters,
      servers: () => describeStatus(path.registry, clock()).servers,
      view: () => path.registry.snapshot.view,
      conflicts: () => path.registry.conflicts.length,
      reloadErrors: () => this.#reloadErrors,
      publishing: publisher && (() => publisher.status),
      membership: () => this.#members.membership.status.sources,
    });
    return createAdminHandler({
      unreadiness: () => this.unreadiness(),
      metrics: () => metrics.exposition(),
      metricsContentType: metrics.contentType,
      status: () => ({
        ...describeStatus(path.registry, clock()),
        membership: this.#members.membership.status,
        publishing: publisher?.status,
      }),
      pages: controlPages({
        registry: () => path.registry,
        identity: () => controlIdentity(this.#material.peers).fields,
        clock,
        freshnessWindowMs: this.#configuration.discovery.freshnessWindowSeconds * 1000,
        policy: routingPolicy(this.#configuration),
      }),
    });
  }
}

function address(listener: Listener | undefined): string {
  if (listener === undefined) return '';
  return listener.host.includes(':') ? `[${listener.host}]:${listener.port}` : `${listener.host}:${listener.port}`;
}
