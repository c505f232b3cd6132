import type { BodySink, ServerExchange, UpgradeOffer } from './exchange.ts';

/** Swallows a body. */
export const NO_SINK: BodySink = { write: () => true, onDrain: undefined, end: () => {}, reset: () => {} };

/** The same exchange, answered by `respond` (or `upgrade`) instead of its own. What is set on it is set on the original. */
export function withRespond(
  exchange: ServerExchange,
  respond: ServerExchange['respond'],
  upgrade: UpgradeOffer | undefined = exchange.upgrade,
): ServerExchange {
  return {
    connection: exchange.connection,
    head: exchange.head,
    bodyless: exchange.bodyless,
    body: exchange.body,
    upgrade,
    inform: (head) => exchange.inform(head),
    respond,
    reset: (reason) => exchange.reset(reason),
    get onAbort() {
      return exchange.onAbort;
    },
    set onAbort(listener) {
      exchange.onAbort = listener;
    },
  };
}
