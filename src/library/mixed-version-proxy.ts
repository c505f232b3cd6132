import { setTimeout as delay } from 'node:timers/promises';
import { describeStatus, type ProxyStatus } from '../admin/status.ts';
import { clock, RequestPath } from '../daemon/request-path.ts';
import { serverSpecs } from '../daemon/settings.ts';
import { tracingSettings } from '../daemon/tracing-settings.ts';
import { requestInfo } from '../kubernetes/request-info.ts';
import { Tracing } from '../observe/tracing/tracing.ts';
import { discoveryPath } from '../routing/discovery-path.ts';
import { peerView } from '../servers/peer-trust.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';
import type { ServerSpec } from '../servers/server-spec.ts';
import type { ExchangeHandler, ServerExchange } from '../wire/exchange.ts';
import type { MixedVersionProxyOptions, Peer } from './options.ts';
import { PROCESS_WARNINGS } from './process-warnings.ts';
import { withReadiness } from './readiness.ts';
import { clientTrust, collectorAccess, peerTrust, settingsOf } from './settings.ts';

/** The mixed version proxy inside an API server. */
export interface MixedVersionProxy {
  /** Serve this in place of the server's own handler. */
  readonly handler: ExchangeHandler;
  /** Resolves when requests can be routed: every server that can be reached was probed and read. */
  ready(): Promise<void>;
  /** Servers, their health and what is known of their discovery. */
  status(): ProxyStatus;
  /** Other peers from now on; resolves when requests are routed to them. Requests under way finish where they are. */
  setPeers(peers: readonly Peer[]): Promise<void>;
  /** Lets requests to peers finish for `graceMs`, then ends them, and sends the last spans. Close the listener first. */
  stop(graceMs: number): Promise<void>;
}

/** How long new peers may take to be probed before requests are routed without waiting for them. */
const PATIENCE_MS = 10_000;

/**
 * KEP-4020 inside a server: requests that the local server serves go to it, others to a peer that does, and discovery is
 * one merged view. Begins to watch the servers at once.
 * Throws `ProxyError` (MVP_CONFIG) that names every option that cannot be used.
 */
export function createMixedVersionProxy(options: MixedVersionProxyOptions): MixedVersionProxy {
  const peers = peerTrust(options.trust);
  const clients = clientTrust(options.trust);
  const { local, logger = PROCESS_WARNINGS, onExchange } = options;
  const settings = settingsOf(options);
  const spans = tracingSettings(settings);
  const tracing = spans && new Tracing(spans, collectorAccess(options.tracing ?? {}), logger, clock);
  const path = new RequestPath(settings, {
    servers: serversOf(options),
    peers,
    trust: () => clients,
    logger,
    onExchange,
    tracer: tracing?.tracer,
    explains: settings.tracing.explainHeader,
  });
  path.announce(peers);
  path.start();
  let changing: Promise<void> = Promise.resolve();
  const stopped = Promise.withResolvers<void>();
  let isStopped = false;

  const change = async (next: readonly Peer[]): Promise<void> => {
    if (isStopped) return;
    const registry = path.prepare(serversOf({ ...options, peers: next }), peers);
    const patience = delay(PATIENCE_MS, undefined, { ref: false });
    await Promise.race([registry.whenComplete(), patience, stopped.promise]);
    if (isStopped) await registry.stop(0);
    else path.use(registry);
  };

  return {
    handler: peerView(peers).kind === 'merged' ? besides(local.handler, path) : local.handler,
    ready: () => path.registry.whenComplete(),
    status: () => describeStatus(path.registry, clock()),
    setPeers(next) {
      const result = changing.then(() => change(next));
      changing = result.catch(() => {});
      return result;
    },
    async stop(graceMs) {
      isStopped = true;
      stopped.resolve();
      await Promise.all([path.registry.stop(graceMs), changing]);
      await tracing?.close();
    },
  };
}

function serversOf(options: Pick<MixedVersionProxyOptions, 'local' | 'peers' | 'trust'>): ServerSpec[] {
  const { name, handler } = options.local;
  return [{ kind: 'in-process', name, handler, local: true }, ...serverSpecs(settingsOf(options))];
}

/** Health, metrics, version and the like are about the one server that is asked, also while it is not ready. */
function besides(local: ExchangeHandler, path: RequestPath): ExchangeHandler {
  const health = withReadiness(local, () => isRouted(path.registry));
  return (exchange) => {
    const about = pathAboutThisServer(exchange);
    if (about === undefined) path.handler(exchange);
    else if (about === READY_PATH) health(exchange);
    else local(exchange);
  };
}

/** Where load balancers and peers ask; `/readyz/NAME` is about one check of the server's own. */
const READY_PATH = '/readyz';

function pathAboutThisServer({ head }: ServerExchange): string | undefined {
  try {
    const { isResourceRequest, path } = requestInfo(head.method, head.target);
    const isMetadata = path === '/api' || path === '/apis' || discoveryPath(path) !== undefined;
    return isResourceRequest || isMetadata ? undefined : path;
  } catch {
    // The proxy says what is wrong with it.
    return undefined;
  }
}

/** Whether requests reach the local server, and those for others' types the others. */
function isRouted({ complete, snapshot }: ServerRegistry): boolean {
  return complete && snapshot.local !== undefined && snapshot.servers[snapshot.local]?.ready === true;
}
