import type { PublishedDocument, PublishedRepresentations } from '../discovery/published-discovery.ts';
import { isPretty } from '../kubernetes/pretty.ts';
import type { ResponseHead, ServerExchange } from '../wire/exchange.ts';
import { fieldValue } from '../wire/fields.ts';
import { sendBody } from '../wire/relay.ts';
import { acceptsGzip, matchesEtag } from './conditional.ts';
import { aggregatedHeads, type DocumentHeads, unaggregatedHeads } from './document-heads.ts';

/** Sends an aggregated document; returns the status. */
export function respondAggregated(exchange: ServerExchange, document: PublishedDocument, pretty: boolean): number {
  const heads = aggregatedHeads(document);
  const ifNoneMatch = fieldValue(exchange.head.fields, 'if-none-match');
  if (ifNoneMatch === undefined || !matchesEtag(ifNoneMatch, document.etag)) {
    return respond(exchange, document, heads, pretty);
  }
  exchange.respond(heads.notModified, true);
  return 304;
}

/** Sends an unaggregated document; returns the status. As from kube-apiserver there is no ETag, so that no condition holds. */
export function respondUnaggregated(
  exchange: ServerExchange,
  document: PublishedRepresentations,
  pretty: boolean,
): number {
  return respond(exchange, document, unaggregatedHeads(document), pretty);
}

function respond(
  exchange: ServerExchange,
  document: PublishedRepresentations,
  heads: DocumentHeads,
  acceptedPretty: boolean,
): number {
  const { fields, target } = exchange.head;
  const query = target.slice(target.indexOf('?') + 1 || target.length);
  if (isPretty(acceptedPretty, query, fieldValue(fields, 'user-agent'))) {
    return send(exchange, heads.pretty, document.pretty);
  }
  if (acceptsGzip(fieldValue(fields, 'accept-encoding'))) return send(exchange, heads.gzip, document.gzip);
  return send(exchange, heads.identity, document.identity);
}

function send(exchange: ServerExchange, head: ResponseHead, body: Uint8Array): number {
  sendBody(exchange.respond(head, false), body);
  return head.status;
}
