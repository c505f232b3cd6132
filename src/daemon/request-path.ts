import type { Configuration } from '../config/schema.ts';
import type { CertificateTrust } from '../identity/client-certificate.ts';
import { newProxyName } from '../identity/passed-proxies.ts';
import { ExchangeCounters } from '../observe/exchange-counters.ts';
import type { ExchangeObserver, ExchangeRecord } from '../observe/exchange-record.ts';
import type { Logger } from '../observe/logger.ts';
import type { RequestTracer } from '../observe/tracing/request-tracer.ts';
import { BufferBudget } from '../proxy/buffer-budget.ts';
import type { OpenWatches } from '../proxy/open-watches.ts';
import { createProxyHandler } from '../proxy/proxy-handler.ts';
import { Retries } from '../routing/retries.ts';
import { type PeerTrust, peerView } from '../servers/peer-trust.ts';
import { ServerRegistry } from '../servers/server-registry.ts';
import type { ServerSpec } from '../servers/server-spec.ts';
import type { ExchangeHandler } from '../wire/exchange.ts';
import { ControlHolder } from './control-holder.ts';
import { identityHeaderNames, registrySettings, routingPolicy } from './settings.ts';

/** The part of a configuration that decides what becomes of requests. */
export type RequestPathSettings = Pick<
  Configuration,
  'authentication' | 'discovery' | 'health' | 'http2' | 'routing' | 'limits'
>;

export interface RequestPathOptions {
  readonly servers: readonly ServerSpec[];
  readonly peers: PeerTrust;
  /** Whose client certificates are believed; asked for every request. */
  readonly trust: () => CertificateTrust;
  readonly logger: Logger;
  /** Gets every request that was answered. Must not throw. */
  readonly onExchange?: ((record: ExchangeRecord) => void) | undefined;
  /** Keeps book of the watches of clients. */
  readonly watches?: OpenWatches | undefined;
  /** Begins spans. */
  readonly tracer?: Pick<RequestTracer, 'begin'> | undefined;
  /** Clients that ask for it are told which server answered and why. */
  readonly explains?: boolean | undefined;
  /** A server tells that an API server came or went. */
  readonly membershipChanged?: (() => void) | undefined;
  /** Called with the registry in use whenever it, or its snapshot, is another one. */
  readonly controlChanged?: ((registry: ServerRegistry) => void) | undefined;
}

/** How long connections that a change of servers or trust replaced may go on with open requests, watches included. */
const REPLACED_GRACE_MS = 300_000;

/** Read once: Node makes it anew for whoever asks. */
const STARTED_AT = performance.timeOrigin;

/** Wall time in milliseconds as of the start, that never steps back: a corrected clock must not prolong what expires. */
export const clock = (): number => STARTED_AT + performance.now();

/** The mixed version proxy without listeners and files: requests go in at `handler`, and the servers are watched. */
export class RequestPath {
  readonly handler: ExchangeHandler;
  readonly counters: ExchangeCounters;
  readonly retries: Retries;
  readonly #settings: RequestPathSettings;
  readonly #logger: Logger;
  readonly #membershipChanged: (() => void) | undefined;
  readonly #controlChanged: ((registry: ServerRegistry) => void) | undefined;
  readonly #control: ControlHolder;
  /** With open requests. */
  readonly #replaced = new Set<ServerRegistry>();
  /** What it calls itself in requests, so that it knows those that come back. */
  readonly #name = newProxyName();

  /** Nothing is dialled before `start`. */
  constructor(settings: RequestPathSettings, options: RequestPathOptions) {
    const { servers, peers, trust, logger, onExchange, watches, tracer, explains, membershipChanged } = options;
    const { limits, routing, discovery } = settings;
    this.#settings = settings;
    this.#logger = logger;
    this.#membershipChanged = membershipChanged;
    this.#controlChanged = options.controlChanged;
    this.counters = new ExchangeCounters(logger);
    this.retries = new Retries(routing.retryBudgetPercent);
    this.#control = new ControlHolder(this.#newRegistry(servers, peers));
    this.handler = createProxyHandler({
      control: this.#control,
      observer: onExchange === undefined ? this.counters : observedBy(this.counters, onExchange),
      names: identityHeaderNames(settings),
      trust,
      retries: this.retries,
      replay: { budget: new BufferBudget(limits.replayBytesTotal), bytesPerRequest: limits.replayBytesPerRequest },
      freshnessWindowMs: discovery.freshnessWindowSeconds * 1000,
      name: this.#name,
      policy: routingPolicy(settings),
      watches,
      tracer,
      explains,
      clock,
    });
  }

  /** The registry of this moment. */
  get registry(): ServerRegistry {
    return this.#control.registry;
  }

  start(): void {
    this.registry.start();
  }

  /** A started registry of other servers or trust, which knows what the one in use has learned. `use` it, or stop it. */
  prepare(servers: readonly ServerSpec[], peers: PeerTrust): ServerRegistry {
    const registry = this.#newRegistry(servers, peers, this.registry);
    registry.start();
    return registry;
  }

  /** From now on requests are routed by `registry`; those under way finish where they are. */
  use(registry: ServerRegistry): void {
    const replaced = this.#control.swap(registry);
    this.#replaced.add(replaced);
    this.#controlChanged?.(registry);
    void replaced.stop(REPLACED_GRACE_MS).then(() => this.#replaced.delete(replaced));
  }

  /** Ends everything that is still open. */
  async stop(): Promise<void> {
    await Promise.all([this.registry, ...this.#replaced].map((registry) => registry.stop(0)));
  }

  /** Says what is missing if peer traffic cannot be authenticated. */
  announce(peers: PeerTrust): void {
    const view = peerView(peers);
    if (view.kind === 'merged') return;
    this.#logger.warn(
      `peer traffic cannot be authenticated without ${view.missing}: every client sees its preferred server's own view, requests are not moved to servers that serve them, and discovery is not merged`,
    );
  }

  #newRegistry(servers: readonly ServerSpec[], peers: PeerTrust, previous?: ServerRegistry): ServerRegistry {
    const settings = registrySettings(this.#settings, { ...peers, proxyName: this.#name });
    const registry: ServerRegistry = new ServerRegistry(servers, settings, {
      logger: this.#logger,
      clock,
      previous,
      membershipChanged: this.#membershipChanged,
      swapped: () => {
        if (registry === this.registry) this.#controlChanged?.(registry);
      },
    });
    return registry;
  }
}

function observedBy(counters: ExchangeCounters, onExchange: (record: ExchangeRecord) => void): ExchangeObserver {
  return {
    answered(record) {
      counters.answered(record);
      onExchange(record);
    },
    retried: (cause) => counters.retried(cause),
    relayedDiscovery: (form, isRoot) => counters.relayedDiscovery(form, isRoot),
    defect: (error) => counters.defect(error),
  };
}
