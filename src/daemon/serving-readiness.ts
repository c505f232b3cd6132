import type { ExchangeHandler, ServerExchange } from '../wire/exchange.ts';
import { NO_FIELDS } from '../wire/fields.ts';

const STOPPING = '[-]mixed-version-proxy failed: this proxy is shutting down; use another one\nreadyz check failed\n';

/**
 * `/readyz` on the port that clients use is a server's own, but for a proxy that is about to end: the balancers that ask there
 * have to hear of that. The form is kube-apiserver's; so is that `/livez` and `/healthz` say nothing of it.
 */
export function withOwnReadiness(handler: ExchangeHandler, isStopping: () => boolean): ExchangeHandler {
  return (exchange) => {
    if (isStopping() && asksForReadiness(exchange)) refuse(exchange);
    else handler(exchange);
  };
}

function asksForReadiness({ head: { target }, upgrade }: ServerExchange): boolean {
  return upgrade === undefined && /^[/]readyz(?:[?]|$)/.test(target);
}

function refuse(exchange: ServerExchange): void {
  const body = Buffer.from(STOPPING);
  const fields = ['content-type', 'text/plain; charset=utf-8', 'content-length', String(body.length)];
  fields.push('cache-control', 'no-cache, private');
  const bodyless = exchange.head.method === 'HEAD';
  const sink = exchange.respond({ status: 500, fields }, bodyless);
  if (bodyless) return;
  sink.write(body);
  sink.end(NO_FIELDS);
}
