import type { Configuration } from '../config/schema.ts';
import type { TracingSettings } from '../observe/tracing/tracing.ts';
import { packageVersion } from '../package-version.ts';

/** Where collectors take traces (OTLP specification, "OTLP/HTTP Request"). */
const TRACES_PATH = '/v1/traces';

/** Undefined: tracing is off. */
export function tracingSettings({ tracing }: Pick<Configuration, 'tracing'>): TracingSettings | undefined {
  const { otlpEndpoint, samplingRatio, honourParent, serviceName, resourceAttributes } = tracing;
  if (otlpEndpoint === undefined) return undefined;
  const url = new URL(otlpEndpoint);
  if (url.pathname === '/') url.pathname = TRACES_PATH;
  return {
    url: url.href,
    sampling: { ratio: samplingRatio, honoursParent: honourParent },
    serviceName,
    serviceVersion: packageVersion(),
    resourceAttributes: Object.fromEntries(
      resourceAttributes.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
    ),
    timeoutMs: tracing.timeoutSeconds * 1000,
    intervalMs: tracing.flushSeconds * 1000,
    queueSize: tracing.queueSize,
  };
}
