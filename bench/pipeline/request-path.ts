import { API_VERSION, configurationSchema, KIND } from '../../src/config/schema.ts';
import { clock } from '../../src/daemon/request-path.ts';
import { withOwnReadiness } from '../../src/daemon/serving-readiness.ts';
import { identityHeaderNames, routingPolicy } from '../../src/daemon/settings.ts';
import { mergeDiscovery } from '../../src/discovery/merge.ts';
import { publishDiscovery } from '../../src/discovery/published-discovery.ts';
import { recordedDiscovery } from '../../src/discovery/testing/recorded-discovery.ts';
import type { CertificateTrust } from '../../src/identity/client-certificate.ts';
import { parseServerVersion } from '../../src/kubernetes/kube-version.ts';
import { RECORDED } from '../../src/kubernetes/testing/recorded-documents.ts';
import { ExchangeCounters } from '../../src/observe/exchange-counters.ts';
import type { ExchangeObserver } from '../../src/observe/exchange-record.ts';
import type { Logger } from '../../src/observe/logger.ts';
import { BufferBudget } from '../../src/proxy/buffer-budget.ts';
import { OpenWatches } from '../../src/proxy/open-watches.ts';
import { createProxyHandler } from '../../src/proxy/proxy-handler.ts';
import { Retries } from '../../src/routing/retries.ts';
import { mergeInputs, type ServerReport, SnapshotBuilder } from '../../src/servers/snapshot-builder.ts';
import type { ExchangeHandler } from '../../src/wire/exchange.ts';
import type { Upstream } from '../../src/wire/upstream.ts';
import { type LeanRequest, LeanUpstream } from './lean-upstream.ts';

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const STALE_AFTER_MS = 10_000;

/** A server of each recorded release, with connections of their own. */
function reportsOf(upstream: () => Upstream, now: number): ServerReport[] {
  return RECORDED.map((release): ServerReport => {
    const version = parseServerVersion(release);
    const discovery = recordedDiscovery(release);
    const condition = { accept: 'application/json', etag: '"as it was read"' };
    return {
      name: `server-${release}`,
      local: false,
      version,
      ready: true,
      condition: '',
      discovery,
      announced: { version, discovery },
      readAt: now,
      confirmedAt: now,
      readable: true,
      backend: {
        name: `server-${release}`,
        asserted: upstream(),
        own: upstream(),
        unproven: upstream(),
        anonymous: upstream(),
        conditions: { '/api': condition, '/apis': condition },
      },
      openapi: undefined,
    };
  });
}

export interface MeasuredPath {
  readonly handler: ExchangeHandler;
  /** Of the merged `/apis`. */
  readonly etag: string;
}

/** What of the path may be another one. */
export interface PathParts {
  /** Default: the counters. */
  readonly observer?: ExchangeObserver;
  /** Makes a set of connections to a server. Default: servers that answer from memory; `arrived` gets their requests. */
  readonly upstream?: () => Upstream;
}

/** Everything between the two wire engines as the daemon joins it by default. */
export async function requestPath(
  trust: CertificateTrust,
  arrived: LeanRequest[],
  { observer = new ExchangeCounters(SILENT), upstream = () => new LeanUpstream(arrived) }: PathParts = {},
): Promise<MeasuredPath> {
  const servers = RECORDED.map((release) => ({ name: `server-${release}`, url: 'https://192.0.2.1' }));
  const settings = configurationSchema.parse({ apiVersion: API_VERSION, kind: KIND, servers });
  const { limits, routing, discovery } = settings;
  const builder = new SnapshotBuilder();
  const reports = builder.order(reportsOf(upstream, clock()));
  const merged = mergeDiscovery(mergeInputs(reports, clock(), STALE_AFTER_MS));
  const published = await publishDiscovery(merged);
  const snapshot = builder.build({
    generation: 1,
    reports,
    view: 'merged',
    published,
    openapi: { listing: { servers: new Map(), unread: [], failing: new Set() }, published: undefined },
    incompleteUntil: 0,
  });
  const handler = createProxyHandler({
    control: { snapshot, refresh: () => Promise.resolve(), isSettling: () => Promise.resolve(false) },
    observer,
    names: identityHeaderNames(settings),
    trust: () => trust,
    retries: new Retries(routing.retryBudgetPercent),
    replay: { budget: new BufferBudget(limits.replayBytesTotal), bytesPerRequest: limits.replayBytesPerRequest },
    freshnessWindowMs: discovery.freshnessWindowSeconds * 1000,
    name: 'c0ffee000001',
    policy: routingPolicy(settings),
    watches: new OpenWatches(),
    clock,
  });
  return {
    handler: withOwnReadiness(handler, () => false),
    etag: published['/apis'].v2.etag,
  };
}
