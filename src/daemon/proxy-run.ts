import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { adminScheme } from '../config/admin-scheme.ts';
import type { Configuration } from '../config/schema.ts';
import type { Logger } from '../observe/logger.ts';
import { Tracing } from '../observe/tracing/tracing.ts';
import { OpenWatches } from '../proxy/open-watches.ts';
import type { Publisher } from '../publishing/publisher.ts';
import { isDecided } from '../servers/server-state.ts';
import { authorityOf } from '../wire/endpoint.ts';
import type { ExchangeHandler } from '../wire/exchange.ts';
import { type Listener, type ListenerLoad, type ListenerTls, listen, listenPlain } from '../wire/listener.ts';
import { daemonAdmin } from './admin.ts';
import type { ConfigurationSource, DaemonDependencies } from './daemon-dependencies.ts';
import type { DrainOptions } from './drain-options.ts';
import { FileWatch } from './file-watch.ts';
import { isSameMaterial, type Material, readMaterial } from './material.ts';
import { Members } from './members.ts';
import { membershipSettings } from './membership-settings.ts';
import { linkProver } from './preflight.ts';
import { needsNoProof, PROOF_MS, provenRegistry } from './proven-registry.ts';
import { createPublisher } from './publication.ts';
import { unreadiness } from './readiness.ts';
import { RecordKeeping } from './record-keeping.ts';
import { Reloads } from './reloads.ts';
import { clock, RequestPath } from './request-path.ts';
import { RestartWarning } from './restart-warning.ts';
import { withOwnReadiness } from './serving-readiness.ts';
import { listenerLimits, serverSpecs } from './settings.ts';
import { tracingSettings } from './tracing-settings.ts';

/** Between looks at servers that were found while the proxy started. */
const FOUND_POLL_MS = 20;

const NO_LOAD: ListenerLoad = { connections: { h2: 0, 'http/1.1': 0 }, streams: 0, faults: new Map() };

/** The part of the drain in which the last watch ends, so that none is cut off at its end. */
const LAST_WATCH = 0.9;

/** A proxy with its files and listeners; `daemon.ts` says what it promises. */
export class ProxyRun {
  readonly #logger: Logger;
  readonly #source: ConfigurationSource | undefined;
  readonly #path: RequestPath;
  readonly #members: Members;
  readonly #publisher: Publisher | undefined;
  readonly #watches = new OpenWatches();
  readonly #records: RecordKeeping;
  /** Undefined: tracing is off. */
  readonly #tracing: Tracing | undefined;
  readonly #handler: ExchangeHandler;
  readonly #adminHandler: ExchangeHandler;
  readonly #adminScheme: 'http' | 'https';
  readonly #places: DaemonDependencies['places'];
  readonly #stopping = new AbortController();
  #configuration: Configuration;
  #material: Material;
  #watch: FileWatch;
  readonly #restartWarning: RestartWarning;
  readonly #reloads = new Reloads(
    () => this.#reload(),
    () => this.#records.reloadFailed(),
  );
  #serving: Listener | undefined;
  #admin: Listener | undefined;

  constructor(configuration: Configuration, material: Material, dependencies: DaemonDependencies) {
    const {
      logger,
      accessLog = logger,
      onExchange,
      source,
      places,
      resolver,
      publishes = true,
      recorded,
      otherWorkers = [],
    } = dependencies;
    this.#places = places;
    this.#configuration = configuration;
    this.#material = material;
    this.#logger = logger;
    this.#source = source;
    this.#restartWarning = new RestartWarning(logger);
    const tracing = tracingSettings(configuration);
    this.#tracing = tracing && new Tracing(tracing, material.collector, logger, clock);
    this.#records = new RecordKeeping(configuration, { path: () => this.#path, accessLog, onExchange });
    this.#path = new RequestPath(configuration, {
      servers: serverSpecs(configuration),
      peers: material.peers,
      trust: () => this.#material.clients,
      logger,
      onExchange: this.#records.onExchange,
      controlChanged: (registry) => this.#records.controlChanged(registry),
      watches: this.#watches,
      tracer: this.#tracing?.tracer,
      explains: configuration.tracing.explainHeader,
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
    this.#handler = withOwnReadiness(this.#path.handler, () => this.#stopping.signal.aborted);
    this.#adminScheme = adminScheme(configuration);
    this.#adminHandler = daemonAdmin(configuration, {
      path: this.#path,
      membership: this.#members.membership,
      publisher: this.#publisher,
      tracing: this.#tracing,
      material: () => this.#material,
      unreadiness: () => this.unreadiness(),
      reloadErrors: () => this.#reloads.errors,
      records: this.#records,
      otherWorkers,
      logger,
      prove: linkProver({
        configuration: () => this.#configuration,
        material: () => this.#material,
        path: this.#path,
        membership: this.#members.membership,
        source,
        recorded,
      }),
      clients: () => ({ ...(this.#serving?.load ?? NO_LOAD), watches: this.#watches.count }),
    });
    this.#watch = this.#watchFiles(material);
    this.#announce(material);
  }

  get servingAddress(): string {
    return `https://${address(this.#serving)}`;
  }

  get adminAddress(): string | undefined {
    return this.#admin === undefined ? undefined : `${this.#adminScheme}://${address(this.#admin)}`;
  }

  async bind(): Promise<void> {
    const { serving, admin, http2 } = this.#configuration;
    try {
      this.#serving = await listen({
        ...(this.#places?.serving ?? { host: serving.bindAddress, port: serving.securePort }),
        tls: this.#material.listener,
        limits: listenerLimits(this.#configuration),
        handler: this.#handler,
        engine: http2.engine,
      });
      if (admin.enabled) {
        const place = this.#places?.admin ?? { host: admin.bindAddress, port: admin.port };
        const handler = this.#adminHandler;
        const tls = adminTls(this.#material);
        this.#admin =
          tls === undefined ? await listenPlain({ ...place, handler }) : await listen({ ...place, tls, handler });
      }
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    this.#logger.info('listening', {
      serving: this.servingAddress,
      admin: this.adminAddress,
      http2Engine: http2.engine,
    });
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
    this.#reloads.stop();
    this.#watch.close();
  }

  async stop(drainMs: number, { delayMs, watchesMs }: DrainOptions = { delayMs: 0, watchesMs: 0 }): Promise<void> {
    this.leave();
    // First of all, so that other API servers send nothing more.
    await this.#publisher?.stop();
    if (delayMs > 0) await delay(delayMs);
    this.#records.stop();
    if (watchesMs > 0) this.#watches.endWithin(Math.min(watchesMs, LAST_WATCH * drainMs));
    await this.#serving?.close(drainMs);
    this.#members.stop();
    await this.#path.stop();
    await this.#tracing?.close();
    await this.#admin?.close(0);
  }

  reload(): Promise<void> {
    return this.#reloads.now();
  }

  async #reload(): Promise<void> {
    const configuration = (await this.#source?.read()) ?? this.#configuration;
    const material = await readMaterial(configuration);
    this.#restartWarning.compare(this.#configuration, configuration);
    const settings = membershipSettings(configuration);
    const sameServers = isDeepStrictEqual(settings, membershipSettings(this.#configuration));
    const samePeers = isDeepStrictEqual(material.peers, this.#material.peers);
    if (sameServers && isSameMaterial(material, this.#material)) return;
    const servers = this.#members.membership.preview(settings);
    const isKept = samePeers && (sameServers || needsNoProof(this.#path.registry, servers));
    const registry = isKept ? undefined : await provenRegistry(this.#path, servers, material.peers);
    if (this.#stopping.signal.aborted) {
      await registry?.stop(0);
      return;
    }
    this.#serving?.reload(material.listener);
    const tls = adminTls(material);
    // Whether it has TLS at all is settled at the start.
    if (tls !== undefined && this.#adminScheme === 'https') this.#admin?.reload(tls);
    this.#tracing?.use(material.collector);
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
    this.#records.reloaded(sameServers ? 'Certificate files were reloaded' : 'The list of servers was reloaded');
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
}

/** With the serving certificate, and a CA of its own. */
function adminTls({ listener, admin }: Material): ListenerTls | undefined {
  return admin && { ...listener, clientCa: admin.bundle };
}

function address(listener: Listener | undefined): string {
  return listener === undefined ? '' : authorityOf(listener);
}
