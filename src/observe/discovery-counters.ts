import { LatencyHistogram } from './latency-histogram.ts';

/** Why discovery is read besides from time to time. */
export type DiscoveryTrigger =
  | 'crd'
  | 'apiservice'
  | 'lease'
  | 'endpointslice'
  /** A server became healthy. */
  | 'health'
  /** A client asked for a type that nobody lists. */
  | 'unknown-resource'
  /** A server answered a conditional request of a client with a newer document. */
  | 'condition-changed';

export type ReadingResult = 'changed' | 'unchanged' | 'failed';

/** How often servers' discovery was read, and why. */
export class DiscoveryCounters {
  readonly triggers = new Map<DiscoveryTrigger, number>();
  /** By server. */
  readonly readings = new Map<string, Record<ReadingResult, number>>();
  /** Readings that failed, of servers that are gone as well. */
  failed = 0;
  /** From a change that was read to merged documents that say so. */
  readonly publishing = new LatencyHistogram();

  triggered(trigger: DiscoveryTrigger): void {
    this.triggers.set(trigger, (this.triggers.get(trigger) ?? 0) + 1);
  }

  /** Servers come and go, and with some sources of membership their names with them. */
  keepOnly(servers: ReadonlySet<string>): void {
    for (const server of this.readings.keys()) if (!servers.has(server)) this.readings.delete(server);
  }

  read(server: string, result: ReadingResult): void {
    const results = this.readings.get(server) ?? { changed: 0, unchanged: 0, failed: 0 };
    results[result]++;
    if (result === 'failed') this.failed++;
    this.readings.set(server, results);
  }
}
