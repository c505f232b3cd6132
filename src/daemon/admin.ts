import { createAdminHandler } from '../admin/admin-handler.ts';
import { type CallerTrust, certifiedCallersOnly } from '../admin/certified-callers.ts';
import { consolePages } from '../admin/console-pages.ts';
import { controlPages } from '../admin/control-pages.ts';
import { ownPagesOnly } from '../admin/own-pages.ts';
import { type ProveLinks, preflightPage } from '../admin/preflight-page.ts';
import { describeStatus } from '../admin/status.ts';
import { statusReport } from '../admin/status-report.ts';
import { adminScheme } from '../config/admin-scheme.ts';
import type { Configuration } from '../config/schema.ts';
import type { Logger } from '../observe/logger.ts';
import { Metrics } from '../observe/metrics.ts';
import { packageVersion } from '../package-version.ts';
import { controlIdentity } from '../servers/control-identity.ts';
import { peerView } from '../servers/peer-trust.ts';
import type { ExchangeHandler } from '../wire/exchange.ts';
import { type MetricsParts, MetricsReader } from './metrics-reading.ts';
import type { RecordKeeping } from './record-keeping.ts';
import { clock } from './request-path.ts';
import { routingPolicy } from './settings.ts';

export interface AdminParts extends MetricsParts {
  readonly records: Pick<RecordKeeping, 'pages'>;
  readonly prove: ProveLinks;
  readonly otherWorkers: readonly string[];
  readonly logger: Logger;
}

/** Where a certificate is asked for, it is until the restart. */
const NOBODY: CallerTrust = { clientCa: [], allowedNames: [] };

/** The pages of the admin listener, about the daemon of `parts`. */
export function daemonAdmin(configuration: Configuration, parts: AdminParts): ExchangeHandler {
  const { path, membership, publisher, material, unreadiness, records, prove, otherWorkers, logger } = parts;
  const reader = new MetricsReader(parts);
  const metrics = new Metrics({
    build: { version: packageVersion(), http2Engine: configuration.http2.engine, node: process.version },
    counters: path.counters,
    discovery: () => path.registry.discoveryCounters,
    read: () => reader.read(),
    publishes: publisher !== undefined,
  });
  const handler = createAdminHandler({
    unreadiness,
    metrics: () => metrics.exposition(),
    metricsContentType: metrics.contentType,
    status: () => {
      const now = clock();
      const view = peerView(material().peers);
      return statusReport({
        status: describeStatus(path.registry, now),
        version: packageVersion(),
        startedAt: performance.timeOrigin,
        now,
        unreadiness: unreadiness(),
        viewCondition: view.kind === 'merged' ? '' : `without ${view.missing} peer traffic cannot be authenticated`,
        staleAfterSeconds: configuration.discovery.staleAfterSeconds,
        counters: path.counters,
        membership: membership.status,
        publishing: publisher?.status,
        http2Engine: configuration.http2.engine,
        otherWorkers,
      });
    },
    failed: (path, error) => logger.error('a page of the admin listener could not be made', { path, error }),
    pages: controlPages({
      registry: () => path.registry,
      identity: () => controlIdentity(material().peers).fields,
      clock,
      freshnessWindowMs: configuration.discovery.freshnessWindowSeconds * 1000,
      policy: routingPolicy(configuration),
    }).concat(preflightPage(prove), records.pages, configuration.admin.console ? consolePages() : []),
  });
  const scheme = adminScheme(configuration);
  const pages = ownPagesOnly(handler, scheme);
  return scheme === 'http' ? pages : certifiedCallersOnly(pages, () => material().admin ?? NOBODY, clock);
}
