import { setTimeout as delay } from 'node:timers/promises';
import { createAdminHandler } from '../admin/admin-handler.ts';
import { describeStatus } from '../admin/status.ts';
import type { Configuration } from '../config/schema.ts';
import { ProxyError } from '../errors.ts';
import { ExchangeCounters } from '../observe/exchange-counters.ts';
import type { Logger } from '../observe/logger.ts';
import { Metrics } from '../observe/metrics.ts';
import { BufferBudget } from '../proxy/buffer-budget.ts';
import { createProxyHandler } from '../proxy/proxy-handler.ts';
import { RetryBudget } from '../routing/retry-budget.ts';
import { peerView } from '../servers/peer-trust.ts';
import { ServerRegistry } from '../servers/server-registry.ts';
import { type Listener, listen, listenPlain } from '../wire/listener.ts';
import { ControlHolder } from './control-holder.ts';
import { FileWatch } from './file-watch.ts';
import { isSameMaterial, type Material, readMaterial } from './material.ts';
import { identityHeaderNames, listenerLimits, registrySettings, serverSpecs } from './settings.ts';

/** A running proxy. */
export interface Daemon {
  /** `https://address:port` */
  readonly servingAddress: string;
  /** `http://address:port`; undefined without an admin listener. */
  readonly adminAddress: string | undefined;
  /** Resolves when requests can be routed: every server that can be reached was probed and read. */
  ready(): Promise<void>;
  /** Fails readiness, lets open requests finish for `drainMs`, then ends them. */
  stop(drainMs: number): Promise<void>;
  /** Reads all certificate files again. Rejects, and changes nothing, when they cannot be used. */
  reload(): Promise<void>;
}

/** How long connections that a reload replaced may go on with open requests, watches included. */
const REPLACED_GRACE_MS = 300_000;
/** How long changed peer certificates may take to reach a server before they are refused. */
const PROOF_MS = 10_000;

/** Wall time in milliseconds as of the start, that never steps back: a corrected clock must not prolong what expires. */
const clock = (): number => performance.timeOrigin + performance.now();

/** Binds the listeners and begins to watch the servers. Rejects when a file cannot be used or a port not be bound. */
export async function startDaemon(configuration: Configuration, { logger }: { logger: Logger }): Promise<Daemon> {
  const material = await readMaterial(configuration);
  const run = new ProxyRun(configuration, material, logger);
  await run.bind();
  return run;
}

class ProxyRun implements Daemon {
  readonly #configuration: Configuration;
  readonly #logger: Logger;
  readonly #control: ControlHolder;
  readonly #counters: ExchangeCounters;
  readonly #stopping = new AbortController();
  #material: Material;
  #watch: FileWatch;
  #reloading: Promise<void> = Promise.resolve();
  #reloadErrors = 0;
  #serving: Listener | undefined;
  #admin: Listener | undefined;

  constructor(configuration: Configuration, material: Material, logger: Logger) {
    this.#configuration = configuration;
    this.#material = material;
    this.#logger = logger;
    this.#counters = new ExchangeCounters(logger);
    this.#control = new ControlHolder(this.#newRegistry(material));
    this.#watch = this.#watchFiles(material);
    this.#announceView(material);
  }

  get servingAddress(): string {
    return `https://${address(this.#serving)}`;
  }

  get adminAddress(): string | undefined {
    return this.#admin === undefined ? undefined : `http://${address(this.#admin)}`;
  }

  async bind(): Promise<void> {
    const { serving, admin, limits, routing, discovery } = this.#configuration;
    const handler = createProxyHandler({
      control: this.#control,
      observer: this.#counters,
      names: identityHeaderNames(this.#configuration),
      trust: () => this.#material.clients,
      retries: new RetryBudget(routing.retryBudgetPercent),
      replay: { budget: new BufferBudget(limits.replayBytesTotal), bytesPerRequest: limits.replayBytesPerRequest },
      freshnessWindowMs: discovery.freshnessWindowSeconds * 1000,
      clock,
    });
    try {
      this.#serving = await listen({
        host: serving.bindAddress,
        port: serving.securePort,
        tls: this.#material.listener,
        limits: listenerLimits(this.#configuration),
        handler,
      });
      if (admin.enabled) {
        this.#admin = await listenPlain({ host: admin.bindAddress, port: admin.port, handler: this.#adminHandler() });
      }
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    this.#control.registry.start();
  }

  ready(): Promise<void> {
    return this.#control.registry.whenComplete();
  }

  async stop(drainMs: number): Promise<void> {
    this.#stopping.abort();
    this.#watch.close();
    await this.#serving?.close(drainMs);
    await this.#control.registry.stop(0);
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
      const material = await readMaterial(this.#configuration);
      if (isSameMaterial(material, this.#material)) return;
      const samePeers = JSON.stringify(material.peers) === JSON.stringify(this.#material.peers);
      const registry = samePeers ? undefined : await this.#provenRegistry(material);
      if (this.#stopping.signal.aborted) {
        await registry?.stop(0);
        return;
      }
      this.#serving?.reload(material.listener);
      this.#material = material;
      this.#watch.close();
      this.#watch = this.#watchFiles(material);
      this.#announceView(material);
      if (registry !== undefined) void this.#control.swap(registry).stop(REPLACED_GRACE_MS);
      this.#logger.info('certificate files were reloaded');
    } catch (error) {
      this.#reloadErrors++;
      throw error;
    }
  }

  /** A registry with the new peer material; refused when it reaches no server although the one in use does. */
  async #provenRegistry(material: Material): Promise<ServerRegistry> {
    const registry = this.#newRegistry(material, this.#control.registry);
    registry.start();
    await Promise.race([registry.whenComplete(), delay(PROOF_MS, undefined, { ref: false })]);
    if (registry.anyReady || !this.#control.registry.anyReady) return registry;
    await registry.stop(0);
    throw new ProxyError(
      'MVP_CONFIG',
      'No server became ready with the changed peer CA or proxy client certificate, so the old ones stay in use. Check that they belong to the servers, then send SIGHUP.',
    );
  }

  #newRegistry({ peers }: Material, previous?: ServerRegistry): ServerRegistry {
    const settings = registrySettings(this.#configuration, peers);
    return new ServerRegistry(serverSpecs(this.#configuration), settings, { logger: this.#logger, clock, previous });
  }

  #watchFiles({ files }: Material): FileWatch {
    const changed = () => {
      this.reload().catch((error: unknown) =>
        this.#logger.error('changed certificate files cannot be used; the old ones stay in use, correct them', {
          error,
        }),
      );
    };
    return new FileWatch(files, changed, (error) =>
      this.#logger.warn('certificate files cannot be watched; send SIGHUP after changing them', { error }),
    );
  }

  #announceView({ peers, warnings }: Material): void {
    for (const warning of warnings) this.#logger.warn(warning);
    const view = peerView(peers);
    if (view.kind === 'merged') return;
    this.#logger.warn(
      `peer traffic cannot be authenticated without ${view.missing}: every client sees its preferred server's own view, requests are not moved to servers that serve them, and discovery is not merged`,
    );
  }

  #adminHandler() {
    const metrics = new Metrics({
      counters: this.#counters,
      servers: () => describeStatus(this.#control.registry, clock()).servers,
      view: () => this.#control.snapshot.view,
      conflicts: () => this.#control.registry.conflicts.length,
      reloadErrors: () => this.#reloadErrors,
    });
    return createAdminHandler({
      ready: () => !this.#stopping.signal.aborted && this.#control.registry.complete && this.#control.registry.anyReady,
      metrics: () => metrics.exposition(),
      metricsContentType: metrics.contentType,
      status: () => describeStatus(this.#control.registry, clock()),
    });
  }
}

function address(listener: Listener | undefined): string {
  if (listener === undefined) return '';
  return listener.host.includes(':') ? `[${listener.host}]:${listener.port}` : `${listener.host}:${listener.port}`;
}
