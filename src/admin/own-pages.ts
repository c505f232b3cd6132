import type { ExchangeHandler, RequestHead } from '../wire/exchange.ts';
import { type Fields, fieldValue } from '../wire/fields.ts';
import { AdminError } from './admin-page.ts';
import { refuse } from './refusal.ts';

/**
 * Refuses requests that a web page of somebody else makes in the browser of whoever may read the admin listener. Loopback
 * alone does not keep those out: a name of theirs may resolve to 127.0.0.1 (DNS rebinding), after which the page counts as
 * ours and could read all that is here. So over plain HTTP the Host is an address or a name of this machine, which needs no
 * list; over HTTPS a browser finds that the certificate is not for the name. A page of another origin gets nothing either,
 * though without CORS it could not read it.
 */
export function ownPagesOnly(handler: ExchangeHandler, scheme: 'http' | 'https'): ExchangeHandler {
  return (exchange) => {
    const refusal = refusalOf(exchange.head, scheme);
    if (refusal === undefined) handler(exchange);
    else refuse(exchange, new AdminError('Forbidden', refusal));
  };
}

function refusalOf({ authority, fields }: RequestHead, scheme: string): string | undefined {
  if (scheme === 'http' && authority !== undefined && !isLocalHost(authority)) {
    return 'The admin listener answers to addresses and to localhost only, not to other names: a web page could have made them up. Use http://127.0.0.1 with its port.';
  }
  const origin = fieldValue(fields, 'origin');
  if (isFromElsewhere(fields) || (origin !== undefined && origin !== `${scheme}://${authority}`)) {
    return 'The admin listener does not answer web pages of other origins.';
  }
  return undefined;
}

/**
 * Whether a page of another origin makes a browser ask (W3C Fetch Metadata). Another port of this machine is another origin
 * of the same site. Links may lead here: whoever follows one sees the console, and the page it was on nothing of it.
 */
function isFromElsewhere(fields: Fields): boolean {
  const site = fieldValue(fields, 'sec-fetch-site') ?? 'none';
  if (site === 'none' || site === 'same-origin') return false;
  const isLink =
    fieldValue(fields, 'sec-fetch-mode') === 'navigate' &&
    (fieldValue(fields, 'sec-fetch-dest') ?? 'document') === 'document';
  return !isLink;
}

/**
 * Digits and dots are an address to every browser, and brackets enclose one (URL Standard, "ends in a number"). RFC 6761 section
 * 6.3: names that end in `localhost` are this machine, whatever a resolver says.
 */
function isLocalHost(authority: string): boolean {
  return /^(\[[0-9a-f:.]+\]|[0-9.]+|([a-z0-9-]+\.)*localhost)(:[0-9]*)?$/i.test(authority);
}
