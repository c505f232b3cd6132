import { answerUnready } from '../proxy/readiness-answer.ts';
import type { ExchangeHandler, ServerExchange } from '../wire/exchange.ts';
import { NO_SINK, withRespond } from '../wire/overridden-exchange.ts';

const NOT_READY = 'what the servers serve is still being read, so requests cannot be routed yet; ask again';

/**
 * `/readyz` of a server with the proxy in it: whatever the server says, but ready only once requests are `routed`.
 * Without that a load balancer would send requests in the moment before, and they would be answered 503.
 */
export function withReadiness(local: ExchangeHandler, routed: () => boolean): ExchangeHandler {
  return (exchange) => {
    const respond: ServerExchange['respond'] = (head, bodyless) => {
      if (head.status !== 200 || routed()) return exchange.respond(head, bodyless);
      answerUnready(exchange, NOT_READY);
      return NO_SINK;
    };
    local(withRespond(exchange, respond));
  };
}
