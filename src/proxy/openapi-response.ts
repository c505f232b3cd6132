import type { ServerExchange } from '../wire/exchange.ts';
import { type Fields, fieldValue, NO_FIELDS } from '../wire/fields.ts';
import { acceptsGzip, matchesEtag } from './conditional.ts';
import type { OpenAPIDocument } from './published-openapi.ts';

/** What kube-apiserver says of every answer that may change (apiserver pkg/endpoints/filters/cachecontrol.go). */
export const NOT_KEPT: Fields = ['cache-control', 'no-cache, private'];

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/** Of a document under the address that carries its hash (kube-openapi pkg/handler3). `now`: epoch milliseconds. */
export function keptForever(now: number): Fields {
  return ['cache-control', 'public, immutable', 'expires', new Date(now + YEAR_MS).toUTCString().replace('GMT', 'UTC')];
}

/** Sends an OpenAPI document, or 304 to who has it; returns the status. */
export function respondOpenAPI(exchange: ServerExchange, document: OpenAPIDocument, about: Fields): number {
  const { fields } = exchange.head;
  const answer = ['etag', document.etag, ...about];
  const ifNoneMatch = fieldValue(fields, 'if-none-match');
  if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, document.etag)) {
    exchange.respond({ status: 304, fields: answer }, true);
    return 304;
  }
  const zipped = acceptsGzip(fieldValue(fields, 'accept-encoding'));
  const body = zipped ? document.gzip : document.identity;
  if (zipped) answer.push('content-encoding', 'gzip');
  answer.push('content-type', document.contentType, 'content-length', String(body.length));
  const sink = exchange.respond({ status: 200, fields: answer }, false);
  sink.write(body);
  sink.end(NO_FIELDS);
  return 200;
}

/** Sends who asked with another hash to the address that carries the right one; returns the status. */
export function respondMoved(exchange: ServerExchange, location: string, hash: string, about: Fields): number {
  const fields = ['etag', `"${hash}"`, 'location', location, 'content-length', '0', ...about];
  exchange.respond({ status: 301, fields }, true);
  return 301;
}
