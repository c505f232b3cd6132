import { answerUnready } from '../proxy/readiness-answer.ts';
import type { ExchangeHandler, ServerExchange } from '../wire/exchange.ts';

const STOPPING = 'this proxy is shutting down; use another one';

/**
 * `/readyz` on the port that clients use is a server's own, but for a proxy that is about to end: the balancers that ask there
 * have to hear of that. The form is kube-apiserver's; so is that `/livez` and `/healthz` say nothing of it.
 */
export function withOwnReadiness(handler: ExchangeHandler, isStopping: () => boolean): ExchangeHandler {
  return (exchange) => {
    if (isStopping() && asksForReadiness(exchange)) answerUnready(exchange, STOPPING);
    else handler(exchange);
  };
}

function asksForReadiness({ head: { target }, upgrade }: ServerExchange): boolean {
  return upgrade === undefined && /^[/]readyz(?:[?]|$)/.test(target);
}
