import { identify } from '../identity/credential.ts';
import { newProxyName, PASSED_PROXIES, refuseLoops } from '../identity/passed-proxies.ts';
import { type RequestInfo, requestInfo } from '../kubernetes/request-info.ts';
import { tracedFields } from '../observe/tracing/request-tracer.ts';
import { NO_POLICY } from '../routing/routing-policy.ts';
import type { ExchangeHandler } from '../wire/exchange.ts';
import { RequestCleaner } from './clean.ts';
import { ClientStates } from './client-state.ts';
import { preferringMinor } from './client-version.ts';
import { ConvertedDiscovery } from './converted-discovery.ts';
import { DiscoveryAnswers } from './discovery-answers.ts';
import { asksToExplain } from './explain-header.ts';
import { Explanation, explained } from './explanation.ts';
import { Forwarding } from './forwarding.ts';
import { OpenAPIAnswers } from './openapi-answers.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { refuse } from './refusal.ts';
import { routeFresh } from './route.ts';
import { Upgrade } from './upgrade.ts';

/**
 * The life of a request (product.md section 5): classify → clean → identify → answer discovery, or route → forward.
 * Whatever goes wrong on the way is answered with a Status.
 */
export function createProxyHandler(context: ProxyContext): ExchangeHandler {
  const { name: self = newProxyName(), policy = NO_POLICY } = context;
  const clients = new ClientStates();
  const cleaner = new RequestCleaner(context.names);
  const discovery = new DiscoveryAnswers(context);
  const conversions = new ConvertedDiscovery(context);
  const openapi = new OpenAPIAnswers(context);

  return (arrived) => {
    const startedAt = context.clock();
    const trace = context.tracer?.begin(arrived, startedAt);
    const explanation = context.explains && asksToExplain(arrived.head.fields) ? new Explanation() : undefined;
    const exchange = explanation === undefined ? arrived : explained(arrived, explanation);
    let info: RequestInfo | undefined;
    try {
      // First of all, as kube-apiserver does: who asks for what cannot be named is not asked who he is.
      info = requestInfo(exchange.head.method, exchange.head.target);
      const client = clients.of(exchange.connection, context.trust(), startedAt);
      const { fields } = exchange.head;
      const { passed, alreadyProxied, fields: cleaned } = cleaner.clean(fields, client.verdict.frontProxy);
      refuseLoops(passed, self);
      cleaned.push(PASSED_PROXIES, passed.length === 0 ? self : `${passed.join(', ')}, ${self}`);
      const credential = identify(client.verdict, fields, context.names);
      const request: PreparedRequest = {
        exchange,
        info,
        fields: trace?.span === undefined ? cleaned : tracedFields(cleaned, trace.span),
        credential,
        client,
        alreadyProxied,
        forwarded: passed.length > 0,
        minor: policy.clientVersionAffinity ? preferringMinor(fields) : undefined,
        policy,
        trace,
        explanation,
        startedAt,
      };
      const form = discovery.formOf(request);
      if (form !== undefined) {
        discovery.answer(request, form);
        return;
      }
      const conversion = conversions.of(request);
      if (conversion !== undefined) {
        conversions.answer(request, conversion);
        return;
      }
      const schemas = openapi.formOf(request);
      if (schemas === undefined) forward(context, request, startedAt);
      else if (schemas === 'own') forward(context, { ...request, ownOpenAPI: true }, startedAt);
      else openapi.answer(request, schemas, () => forward(context, request, context.clock()));
    } catch (error) {
      refuse(context, { exchange, info, trace, explanation, startedAt }, error);
    }
  };
}

/** At the time `now`. */
function forward(context: ProxyContext, request: PreparedRequest, now: number): void {
  const offer = request.exchange.upgrade;
  const carrier = offer === undefined ? new Forwarding(context, request) : new Upgrade(context, request, offer);
  routeFresh(context, request, now, (routed) => carrier.start(routed));
}
