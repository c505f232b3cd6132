import type { ProxyError } from '../errors.ts';
import { statusJson, statusOf } from '../kubernetes/status.ts';
import type { ServerExchange } from '../wire/exchange.ts';
import { NO_FIELDS } from '../wire/fields.ts';

/** Answers an exchange with `error` as a metav1.Status, the form every Kubernetes client reads. */
export function answerStatus(exchange: ServerExchange, error: ProxyError): void {
  const body = Buffer.from(statusJson(statusOf(error)));
  const fields = [
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
    'cache-control',
    'no-cache, private',
  ];
  if (error.retryAfterSeconds !== undefined) fields.push('retry-after', String(error.retryAfterSeconds));
  const bodyless = exchange.head.method === 'HEAD';
  const sink = exchange.respond({ status: error.status, fields }, bodyless);
  if (bodyless) return;
  sink.write(body);
  sink.end(NO_FIELDS);
}
