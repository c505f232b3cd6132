import type { Settings } from './schema.ts';
import type { Violation } from './violation.ts';

/** What in the section has no effect without a collector, and what must not be sent to one in the clear. */
export function* tracingViolations({ tracing }: Settings): Generator<Violation> {
  const { otlpEndpoint } = tracing;
  if (otlpEndpoint === undefined) {
    for (const key of ['otlpCaFile', 'otlpHeadersFile'] as const) {
      if (tracing[key] === undefined) continue;
      yield {
        paths: [
          ['tracing', key],
          ['tracing', 'otlpEndpoint'],
        ],
        message: 'has no effect without a collector; give --tracing-otlp-endpoint (tracing.otlpEndpoint) too',
      };
    }
    return;
  }
  const { protocol, hostname } = new URL(otlpEndpoint);
  const isLoopback = /^(localhost|127[.]\d+[.]\d+[.]\d+|\[::1\])$/.test(hostname);
  if (tracing.otlpHeadersFile !== undefined && protocol === 'http:' && !isLoopback) {
    yield {
      paths: [
        ['tracing', 'otlpHeadersFile'],
        ['tracing', 'otlpEndpoint'],
      ],
      message: `would be sent to ${otlpEndpoint} without TLS, so that everybody on the way could read the key in it; use https`,
    };
  }
}
