import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import type { FinishedSpan } from './exchange-span.ts';

/** Sends spans to a collector. */
export interface SpanExporter {
  /** Rejects with why they did not arrive; they are not sent again. */
  export(spans: readonly FinishedSpan[]): Promise<void>;
}

/** What became of the spans so far. */
export interface SpanCounts {
  readonly exported: number;
  /** There was no room for them. */
  readonly dropped: number;
  /** The collector did not take them. */
  readonly failed: number;
  /** Waiting at this moment. */
  readonly queued: number;
}

export interface SpanQueueOptions {
  /** Spans that wait at most; further ones are dropped. */
  readonly limit: number;
  /** Between two exports. */
  readonly intervalMs: number;
  /** The one to use from now on, which may have to be loaded first. */
  readonly exporter: () => Promise<SpanExporter>;
  readonly logger: Logger;
}

/** Spans in one export at most, as OpenTelemetry's own batches have. */
const BATCH = 512;

/**
 * Spans on their way from requests to the collector. Taking one is all that a request waits for, and what the collector is too
 * slow for is dropped: memory is bounded, and no request is.
 */
export class SpanQueue {
  readonly #options: SpanQueueOptions;
  #waiting: FinishedSpan[] = [];
  #exporting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;
  #exported = 0;
  #dropped = 0;
  #failed = 0;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  get counts(): SpanCounts {
    return { exported: this.#exported, dropped: this.#dropped, failed: this.#failed, queued: this.#waiting.length };
  }

  add(span: FinishedSpan): void {
    const { limit, intervalMs } = this.#options;
    if (this.#waiting.length >= limit) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(span);
    if (this.#exporting !== undefined) return;
    // A full batch, or queue, goes at once, but never within the request that filled it.
    if (this.#waiting.length === Math.min(BATCH, limit)) setImmediate(() => void this.flush());
    this.#timer ??= setTimeout(() => void this.flush(), intervalMs).unref();
  }

  /** Sends what waits. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#exporting ??= this.#exportAll().finally(() => {
      this.#exporting = undefined;
      if (this.#waiting.length > 0) {
        this.#timer ??= setTimeout(() => void this.flush(), this.#options.intervalMs).unref();
      }
    });
    return this.#exporting;
  }

  /** Sends what waits, and what is being sent already, within `ms` from when there is an exporter. */
  async close(ms: number): Promise<void> {
    // Loading it is our own work: a machine so busy that it takes seconds must not lose spans for it.
    if (this.#waiting.length > 0 || this.#exporting !== undefined) await this.#options.exporter().catch(() => {});
    const over = new AbortController();
    const all = (async () => {
      await this.#exporting;
      await this.flush();
    })();
    await Promise.race([all, delay(ms, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #exportAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      if (!(await this.#export(batch))) return;
    }
  }

  async #export(batch: readonly FinishedSpan[]): Promise<boolean> {
    const { logger, exporter } = this.#options;
    try {
      await (await exporter()).export(batch);
      this.#exported += batch.length;
      if (this.#isFailing) logger.info('spans reach the collector again');
      this.#isFailing = false;
      return true;
    } catch (error) {
      this.#failed += batch.length;
      // Once, and not for every batch: a collector that is away is away for hours.
      if (!this.#isFailing) {
        logger.warn(
          'spans do not reach the collector and are lost, which harms no request; check tracing.otlpEndpoint, its CA and its headers',
          { error },
        );
      }
      this.#isFailing = true;
      return false;
    }
  }
}
