import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../logger.ts';
import { RequestTracer, type Sampling } from './request-tracer.ts';
import { type SpanCounts, type SpanExporter, SpanQueue } from './span-queue.ts';

export interface TracingSettings {
  /** Where spans are posted, path included. */
  readonly url: string;
  readonly sampling: Sampling;
  readonly serviceName: string;
  readonly serviceVersion: string;
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly queueSize: number;
}

/** What of files the exporter needs. */
export interface CollectorAccess {
  /** PEM; undefined: the CAs that Node trusts. */
  readonly ca: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** How long the end of the process waits for the last spans. */
const LAST_SPANS_MS = 3_000;

/** Spans from their beginning to the collector. Exists only where tracing is configured. */
export class Tracing {
  /** For the request path. */
  readonly tracer: RequestTracer;
  readonly #settings: TracingSettings;
  readonly #queue: SpanQueue;
  readonly #instance = randomUUID();
  #access: CollectorAccess;
  #exporter: Promise<SpanExporter> | undefined;
  #closed: Promise<void> | undefined;

  constructor(settings: TracingSettings, access: CollectorAccess, logger: Logger, clock: () => number) {
    this.#settings = settings;
    this.#access = access;
    const { queueSize: limit, intervalMs, sampling } = settings;
    this.#queue = new SpanQueue({ limit, intervalMs, exporter: () => this.#newest(), logger });
    this.tracer = new RequestTracer({ sampling, clock, finished: (span) => this.#queue.add(span) });
  }

  get counts(): SpanCounts {
    return this.#queue.counts;
  }

  /** From the next export on the collector is spoken to with what files say now. */
  use(access: CollectorAccess): void {
    if (isDeepStrictEqual(access, this.#access)) return;
    this.#access = access;
    this.#exporter = undefined;
  }

  /** Sends the last spans, and waits for that a few seconds at most. */
  close(): Promise<void> {
    this.#closed ??= this.#queue.close(Math.min(LAST_SPANS_MS, this.#settings.timeoutMs));
    return this.#closed;
  }

  #newest(): Promise<SpanExporter> {
    this.#exporter ??= this.#create();
    return this.#exporter;
  }

  async #create(): Promise<SpanExporter> {
    const { url, timeoutMs, serviceName, serviceVersion, resourceAttributes } = this.#settings;
    const { createOtlpExporter } = await import('./otlp-exporter.ts');
    return createOtlpExporter({
      url,
      timeoutMs,
      version: serviceVersion,
      ...this.#access,
      resource: {
        ...resourceAttributes,
        'service.name': serviceName,
        'service.version': serviceVersion,
        'service.instance.id': this.#instance,
      },
    });
  }
}
