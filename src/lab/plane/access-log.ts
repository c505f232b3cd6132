import type { ExchangeHandler } from '../../wire/exchange.ts';
import { withRespond } from '../../wire/overridden-exchange.ts';

/** One answer of an embedded server. */
export interface Access {
  readonly method: string;
  readonly target: string;
  readonly status: number;
}

/** `handler`, with every final response head reported to `onAccess`. */
export function withAccessLog(handler: ExchangeHandler, onAccess: (access: Access) => void): ExchangeHandler {
  return (exchange) => {
    const { method, target } = exchange.head;
    const respond: typeof exchange.respond = (head, bodyless) => {
      onAccess({ method, target, status: head.status });
      return exchange.respond(head, bodyless);
    };
    handler(withRespond(exchange, respond));
  };
}
