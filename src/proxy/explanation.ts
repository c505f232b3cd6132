import type { ProxyError } from '../errors.ts';
import type { RequestInfo } from '../kubernetes/request-info.ts';
import { decisionText } from '../routing/decision-text.ts';
import type { ResponseHead, ServerExchange, UpgradeOffer } from '../wire/exchange.ts';
import { withRespond } from '../wire/overridden-exchange.ts';
import { EXPLAIN } from './explain-header.ts';
import type { Route } from './route.ts';

/** Longer texts are cut, so that the header passes every client and balancer. */
const MOST_TEXT = 600;
const MOST_VALUE = 100;

/** What is known of one exchange's way, from which its response explains itself. */
export class Explanation {
  /** Undefined: nobody but the proxy has a part in the answer. */
  #routed: { readonly route: Route; readonly info: RequestInfo } | undefined;
  #attempts = 0;
  #error: ProxyError | undefined;

  /** The request goes where `route` says. */
  routed(route: Route, info: RequestInfo): void {
    this.#routed = { route, info };
    if (route.decision.kind === 'forward') this.#attempts++;
  }

  /** Whoever was asked was asked for permission only; the proxy answers from its merged view. */
  merged(): void {
    this.#routed = undefined;
    this.#attempts = 0;
  }

  /** The proxy answers with `error`. */
  refused(error: ProxyError): void {
    this.#error = error;
  }

  /** The head of the answer with the explanation. */
  explain(head: ResponseHead): ResponseHead {
    return { ...head, fields: [...head.fields, EXPLAIN, this.#line()] };
  }

  #line(): string {
    const decided = this.#routed?.route;
    const { decision, snapshot, preferred } = decided ?? {};
    const answers = this.#error === undefined && decision?.kind === 'forward' ? decision.server : undefined;
    const nameOf = (position: number | undefined) =>
      position === undefined ? undefined : snapshot?.servers[position]?.name;
    const parts = [
      ['server', nameOf(answers) ?? '-'],
      ['decision', decision?.reason ?? (this.#error === undefined ? 'MergedDiscovery' : 'Refused')],
      ['attempts', String(this.#attempts)],
      ['preferred', nameOf(preferred)],
      ['error', this.#error?.code],
    ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${token(value)}`]));
    return [...parts, `text=${quoted(this.#text())}`].join('; ');
  }

  #text(): string {
    if (this.#error !== undefined) return this.#error.message;
    if (this.#routed === undefined) {
      return 'The proxy answers from its merged view, after a server has let the caller read this path.';
    }
    const { route, info } = this.#routed;
    const { decision, snapshot, preferred: position } = route;
    const name = (position === undefined ? undefined : snapshot.servers[position]?.name) ?? 'the preferred server';
    return decisionText(decision, info, snapshot, { position, name });
  }
}

/** The same exchange, whose answer carries `explanation`. */
export function explained(exchange: ServerExchange, explanation: Explanation): ServerExchange {
  const { upgrade } = exchange;
  const offer: UpgradeOffer | undefined = upgrade && {
    protocol: upgrade.protocol,
    switchProtocols: (head) => upgrade.switchProtocols(explanation.explain(head)),
  };
  return withRespond(exchange, (head, bodyless) => exchange.respond(explanation.explain(head), bodyless), offer);
}

/** Names of servers come from the cluster; what is no part of a name would look like a part of ours. */
function token(value: string): string {
  return value.slice(0, MOST_VALUE).replace(/[^\w.:[\]-]/g, '?');
}

/** A quoted-string (RFC 9110 section 5.6.4). Texts contain what the client wrote in its URL, line breaks included. */
function quoted(text: string): string {
  const shortened = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 3)}...` : text;
  return `"${shortened.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}
