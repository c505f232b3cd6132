import type { ExchangeHandler, ServerExchange } from '../wire/exchange.ts';
import { NO_FIELDS } from '../wire/fields.ts';
import { NO_SINK, withRespond } from '../wire/overridden-exchange.ts';

const NOT_READY =
  '[-]mixed-version-proxy failed: what the servers serve is still being read, so requests cannot be routed yet; ask again\nreadyz check failed\n';

/**
 * `/readyz` of a server with the proxy in it: whatever the server says, but ready only once requests are `routed`.
 * Without that a load balancer would send requests in the moment before, and they would be answered 503.
 */
export function withReadiness(local: ExchangeHandler, routed: () => boolean): ExchangeHandler {
  return (exchange) => {
    const respond: ServerExchange['respond'] = (head, bodyless) => {
      if (head.status !== 200 || routed()) return exchange.respond(head, bodyless);
      answerNotReady(exchange);
      return NO_SINK;
    };
    local(withRespond(exchange, respond));
  };
}

function answerNotReady(exchange: ServerExchange): void {
  const body = Buffer.from(NOT_READY);
  const fields = ['content-type', 'text/plain; charset=utf-8', 'content-length', String(body.length)];
  fields.push('cache-control', 'no-cache, private');
  const bodyless = exchange.head.method === 'HEAD';
  const sink = exchange.respond({ status: 500, fields }, bodyless);
  if (bodyless) return;
  sink.write(body);
  sink.end(NO_FIELDS);
}
