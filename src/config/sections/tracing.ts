import { z } from 'zod';
import { field, httpUrl, seconds, text } from '../field.ts';

export const tracing = field(
  z
    .strictObject({
      explainHeader: field(z.boolean().default(false), {
        flag: 'explain-header',
        description:
          'Whether a client that sends X-Mvproxy-Explain: 1 is told in a response header of that name which server answered and why. Everybody who reaches the proxy may ask then, before he is authenticated, and learns names of servers; turn it on to look into something, or where that is no secret.',
      }),
      otlpEndpoint: field(httpUrl().optional(), {
        flag: 'tracing-otlp-endpoint',
        argument: 'URL',
        description:
          'OpenTelemetry collector that spans are sent to, OTLP over HTTP, for example https://collector.example:4318; what turns tracing on. /v1/traces is added where the URL has no path. Plain http is read by everybody on the way; use it on the same machine or in a network that is trusted.',
      }),
      otlpCaFile: field(text().optional(), {
        flag: 'tracing-otlp-cafile',
        argument: 'FILE',
        filePath: true,
        description:
          'CA bundle, PEM, that signs the certificate of the collector. By default the CAs that Node trusts; give it for a CA of your own.',
      }),
      otlpHeadersFile: field(text().optional(), {
        flag: 'tracing-otlp-headers-file',
        argument: 'FILE',
        filePath: true,
        description:
          'Headers of every request to the collector, one "Name: value" a line, such as an Authorization header. A file, so that a key stands in no command line and can be changed while the proxy runs.',
      }),
      samplingRatio: field(z.number().min(0).max(1).default(0.01), {
        flag: 'tracing-sampling-ratio',
        argument: 'RATIO',
        description:
          'Part of the requests that are recorded, from 0 to 1, of those about which no sender has decided. 0 records only what a sender has recorded already; raise it to see rare requests, at the price of one span each.',
      }),
      honourParent: field(z.boolean().default(true), {
        flag: 'tracing-honour-parent',
        description:
          'Whether what the sender of a traceparent decided holds: what he recorded is recorded, what he did not is not, so that traces are whole. Turn it off where clients are not trusted to decide; their trace is continued all the same, for the part of the requests that the ratio says.',
      }),
      serviceName: field(text().default('mvproxy'), {
        flag: 'tracing-service-name',
        argument: 'NAME',
        description: 'Name of the service under which collectors show the spans (service.name).',
      }),
      resourceAttributes: field(z.array(resourceAttribute()).default([]), {
        flag: 'tracing-resource-attributes',
        argument: 'NAME=VALUE',
        description:
          'Further attributes of the resource, such as k8s.cluster.name=prod. Give what tells several clusters or replicas apart.',
      }),
      flushSeconds: field(seconds(0.01).default(5), {
        description: 'Pause between two exports; 512 spans are sent at once. Make it longer to send fewer requests.',
      }),
      timeoutSeconds: field(seconds(0.01).default(10), {
        flag: 'tracing-timeout-seconds',
        argument: 'SECONDS',
        description:
          'How long one export may take, repetitions included. Spans that did not arrive by then are lost and counted.',
      }),
      queueSize: field(z.int().min(1).max(1_000_000).default(2_048), {
        description:
          'Spans that wait for an export at most; further ones are dropped and counted. It bounds the memory that a collector which is slow or away can cost, about 1 kB each.',
      }),
    })
    .prefault({}),
  {
    title: 'Tracing',
    description: 'Following one request: a response header for whoever asks, spans for an OpenTelemetry collector.',
  },
);

function resourceAttribute(): z.ZodString {
  return z
    .string()
    .regex(/^[^\s=]+=.+$/, 'must be NAME=VALUE, for example k8s.cluster.name=prod')
    .regex(
      /^(?!service[.](?:name|version|instance[.]id)=)/,
      'must not name what tracing.serviceName or the proxy says',
    );
}
