import { asProxyError } from '../errors.ts';
import { identify } from '../identity/credential.ts';
import { type RequestInfo, requestInfo } from '../kubernetes/request-info.ts';
import type { ExchangeHandler, ServerExchange } from '../wire/exchange.ts';
import { cleanRequest } from './clean.ts';
import { ClientStates } from './client-state.ts';
import { DiscoveryAnswers } from './discovery-answers.ts';
import { Forwarding } from './forwarding.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { needsFreshTables, route } from './route.ts';
import { answerStatus } from './status-answer.ts';
import { switchProtocols } from './upgrade.ts';

/**
 * The life of a request (product.md section 5): clean → identify → classify → answer discovery, or route → forward.
 * Whatever goes wrong on the way is answered with a Status.
 */
export function createProxyHandler(context: ProxyContext): ExchangeHandler {
  const clients = new ClientStates();
  const discovery = new DiscoveryAnswers(context);

  return (exchange) => {
    const startedAt = context.clock();
    let info: RequestInfo | undefined;
    const fail = (error: unknown) => answerFailure(context, exchange, info, startedAt, error);
    try {
      const client = clients.of(exchange.connection, context.trust(), startedAt);
      const { fields } = exchange.head;
      const clean = cleanRequest(fields, context.names, client.verdict.frontProxy);
      const credential = identify(client.verdict, fields, context.names);
      info = requestInfo(exchange.head.method, exchange.head.target);
      const request: PreparedRequest = { exchange, info, credential, client, startedAt, ...clean };
      const form = discovery.formOf(request);
      if (form !== undefined) discovery.answer(request, form);
      else if (exchange.upgrade !== undefined) switchProtocols(context, request, exchange.upgrade).catch(fail);
      else forward(context, request);
    } catch (error) {
      fail(error);
    }
  };
}

function forward(context: ProxyContext, request: PreparedRequest): void {
  const forwarding = new Forwarding(context, request);
  const input = { ...request, tried: new Set<string>() };
  const routed = route(context.control, input, context.clock());
  if (!needsFreshTables(routed, context.freshnessWindowMs, context.clock())) {
    forwarding.start(routed);
    return;
  }
  void context.control.refresh().then(() => forwarding.start(route(context.control, input, context.clock())));
}

function answerFailure(
  context: ProxyContext,
  exchange: ServerExchange,
  info: RequestInfo | undefined,
  startedAt: number,
  error: unknown,
): void {
  const known = asProxyError(error);
  if (known.code === 'MVP_INTERNAL') context.observer.defect(error);
  answerStatus(exchange, known);
  context.observer.answered({
    method: exchange.head.method,
    info,
    decision: undefined,
    server: undefined,
    status: known.status,
    error: known.code,
    attempts: 0,
    milliseconds: context.clock() - startedAt,
  });
}
