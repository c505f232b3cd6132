import type { ServerExchange } from '../wire/exchange.ts';
import { NO_FIELDS } from '../wire/fields.ts';

/** Answers `/readyz` as kube-apiserver does when one of its checks fails; `why` completes the line of ours. */
export function answerUnready(exchange: ServerExchange, why: string): void {
  const body = Buffer.from(`[-]mixed-version-proxy failed: ${why}\nreadyz check failed\n`);
  const fields = ['content-type', 'text/plain; charset=utf-8', 'content-length', String(body.length)];
  fields.push('cache-control', 'no-cache, private');
  const bodyless = exchange.head.method === 'HEAD';
  const sink = exchange.respond({ status: 500, fields }, bodyless);
  if (bodyless) return;
  sink.write(body);
  sink.end(NO_FIELDS);
}
