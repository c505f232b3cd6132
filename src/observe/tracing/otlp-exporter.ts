import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { FinishedSpan } from './exchange-span.ts';
import { spanContent } from './span-content.ts';
import type { SpanExporter } from './span-queue.ts';

type ReadableSpan = Parameters<OTLPTraceExporter['export']>[0][number];

/** How spans reach a collector (OTLP/HTTP, protobuf). */
export interface OtlpExporterOptions {
  /** Where spans are posted, path included. */
  readonly url: string;
  /** PEM; undefined: the CAs that Node trusts. */
  readonly ca: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** How long a connection stays open between two exports. Default: a minute. */
  readonly idleMs?: number | undefined;
  /** For one export with all its repetitions. */
  readonly timeoutMs: number;
  readonly version: string;
  /** What the spans are about: `service.name` and more. */
  readonly resource: Readonly<Record<string, string>>;
}

const IDLE_MS = 60_000;

/** The only file that knows OpenTelemetry's libraries; it is imported once a span waits to be exported. */
export function createOtlpExporter(options: OtlpExporterOptions): SpanExporter {
  const { url, ca, headers, timeoutMs, version, idleMs = IDLE_MS } = options;
  const exporter = new OTLPTraceExporter({
    url,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    concurrencyLimit: 1,
    userAgent: `mixed-version-proxy/${version}`,
    // Nothing else ends the connections of an exporter that has been replaced: a collector need not.
    httpAgentOptions: { keepAlive: true, timeout: idleMs, ...(ca === undefined ? {} : { ca }) },
  });
  const resource = resourceFromAttributes({ ...options.resource });
  const scope = { name: 'mixed-version-proxy', version };
  return {
    export: (spans) =>
      new Promise((resolve, reject) => {
        const readable = spans.map((span) => readableSpan(span, resource, scope));
        exporter.export(readable, ({ error, code }) => {
          if (code === 0) resolve();
          else reject(error ?? new Error('the collector did not take the spans'));
        });
      }),
  };
}

function readableSpan(
  span: FinishedSpan,
  resource: ReadableSpan['resource'],
  instrumentationScope: ReadableSpan['instrumentationScope'],
): ReadableSpan {
  const { traceId, spanId, parentId, startedAt, endedAt } = span;
  const { name, attributes, events, isError } = spanContent(span);
  const traceFlags = TraceFlags.SAMPLED;
  return {
    name,
    kind: SpanKind.SERVER,
    spanContext: () => ({ traceId, spanId, traceFlags }),
    ...(parentId === undefined ? {} : { parentSpanContext: { traceId, spanId: parentId, traceFlags, isRemote: true } }),
    startTime: hrTime(startedAt),
    endTime: hrTime(endedAt),
    duration: hrTime(endedAt - startedAt),
    status: { code: isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: mutable(attributes),
    events: events.map((event) => ({
      name: event.name,
      time: hrTime(event.at),
      attributes: mutable(event.attributes),
    })),
    links: [],
    ended: true,
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: span.droppedRetries,
    droppedLinksCount: 0,
  };
}

function mutable(
  attributes: Readonly<Record<string, string | number | readonly string[]>>,
): ReadableSpan['attributes'] {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  );
}

function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
