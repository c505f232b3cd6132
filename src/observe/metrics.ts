import { Registry } from 'prom-client';
import type { DiscoveryCounters } from './discovery-counters.ts';
import type { ExchangeCounters } from './exchange-counters.ts';
import { registerClientMetrics } from './metrics/client-metrics.ts';
import { discoveryHistograms, registerDiscoveryMetrics } from './metrics/discovery-metrics.ts';
import { registerMembershipMetrics } from './metrics/membership-metrics.ts';
import { registerNativeMetrics } from './metrics/native-metrics.ts';
import { registerProcessMetrics } from './metrics/process-metrics.ts';
import { type BuildReading, registerProxyMetrics } from './metrics/proxy-metrics.ts';
import type { ProxyReading } from './metrics/proxy-reading.ts';
import { registerPublishingMetrics } from './metrics/publishing-metrics.ts';
import { registerRequestMetrics, requestHistograms } from './metrics/request-metrics.ts';
import { registerServerMetrics } from './metrics/server-metrics.ts';
import { registerTracingMetrics } from './metrics/tracing-metrics.ts';

export interface MetricsSource {
  readonly build: BuildReading;
  readonly counters: ExchangeCounters;
  discovery(): DiscoveryCounters;
  /** What holds at this moment; called once for each scrape. */
  read(): ProxyReading;
  /** Whether there are metrics about publishing. */
  readonly publishes: boolean;
}

/** The Prometheus exposition of this process; `metrics/metric-topics.ts` describes all of it. Everything is read when it is scraped. */
export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #source: MetricsSource;
  readonly #readProcess: () => Promise<void>;
  #reading: ProxyReading | undefined;

  constructor(source: MetricsSource) {
    const { counters, build, publishes } = source;
    const registry = this.#registry;
    const reading = (): ProxyReading => {
      this.#reading ??= source.read();
      return this.#reading;
    };
    const discovery = () => source.discovery();
    this.#source = source;
    this.#reading = source.read();
    this.contentType = registry.contentType;
    this.#readProcess = registerProcessMetrics(registry);
    registerRequestMetrics(registry, counters, reading);
    registerNativeMetrics(registry, counters, discovery);
    registerServerMetrics(registry, reading);
    registerDiscoveryMetrics(registry, discovery, reading);
    registerClientMetrics(registry, reading);
    registerProxyMetrics(registry, build, reading);
    registerMembershipMetrics(registry, reading);
    if (publishes) registerPublishingMetrics(registry, reading);
    if (this.#reading.tracing !== undefined) registerTracingMetrics(registry, reading);
  }

  /** The text of one scrape. */
  async exposition(): Promise<string> {
    const source = this.#source;
    const reading = source.read();
    this.#reading = reading;
    await this.#readProcess();
    const text = await this.#registry.metrics();
    const servers = new Set(reading.servers.map(({ name }) => name));
    return `${text}\n${requestHistograms(source.counters, servers)}${discoveryHistograms(source.discovery())}`;
  }
}
