import type { ExchangeHandler, ServerExchange } from '../../wire/exchange.ts';

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
    handler(
      overridden(exchange, {
        respond(head, bodyless) {
          onAccess({ method, target, status: head.status });
          return exchange.respond(head, bodyless);
        },
      }),
    );
  };
}

/** The same exchange but for some of its methods. What is set on it is set on the original. */
function overridden(exchange: ServerExchange, methods: Partial<Pick<ServerExchange, 'respond'>>): ServerExchange {
  return {
    connection: exchange.connection,
    head: exchange.head,
    bodyless: exchange.bodyless,
    body: exchange.body,
    upgrade: exchange.upgrade,
    inform: (head) => exchange.inform(head),
    respond: (head, bodyless) => exchange.respond(head, bodyless),
    reset: (reason) => exchange.reset(reason),
    get onAbort() {
      return exchange.onAbort;
    },
    set onAbort(listener) {
      exchange.onAbort = listener;
    },
    ...methods,
  };
}
