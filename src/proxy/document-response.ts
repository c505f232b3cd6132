import type { PublishedDocument, PublishedRepresentations } from '../discovery/published-discovery.ts';
import { isPretty } from '../kubernetes/pretty.ts';
import type { ServerExchange } from '../wire/exchange.ts';
import { fieldValue, NO_FIELDS } from '../wire/fields.ts';
import { acceptsGzip, matchesEtag } from './conditional.ts';

/** Sends an aggregated document; returns the status. Header fields are kube-apiserver's (pkg/endpoints/discovery/aggregated). */
export function respondAggregated(exchange: ServerExchange, document: PublishedDocument, pretty: boolean): number {
  const fields = ['etag', document.etag, 'vary', 'Accept', 'cache-control', 'public'];
  const ifNoneMatch = fieldValue(exchange.head.fields, 'if-none-match');
  if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, document.etag)) {
    exchange.respond({ status: 304, fields }, true);
    return 304;
  }
  return respond(exchange, document, fields, pretty);
}

/**
 * Sends an unaggregated document; returns the status. As from kube-apiserver there is no ETag, so that no condition holds,
 * and nothing may be kept (apiserver pkg/endpoints/filters/cachecontrol.go).
 */
export function respondUnaggregated(
  exchange: ServerExchange,
  document: PublishedRepresentations,
  pretty: boolean,
): number {
  return respond(exchange, document, ['cache-control', 'no-cache, private'], pretty);
}

function respond(
  exchange: ServerExchange,
  document: PublishedRepresentations,
  headers: readonly string[],
  acceptedPretty: boolean,
): number {
  const { fields, target } = exchange.head;
  const answer = [...headers, 'content-type', document.contentType];
  const query = target.slice(target.indexOf('?') + 1 || target.length);
  let body = document.identity;
  if (isPretty(acceptedPretty, query, fieldValue(fields, 'user-agent'))) body = document.pretty;
  else if (acceptsGzip(fieldValue(fields, 'accept-encoding'))) {
    body = document.gzip;
    answer.push('content-encoding', 'gzip', 'vary', 'Accept-Encoding');
  }
  answer.push('content-length', String(body.length));
  const sink = exchange.respond({ status: 200, fields: answer }, false);
  sink.write(body);
  sink.end(NO_FIELDS);
  return 200;
}
