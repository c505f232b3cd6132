import { createHash } from 'node:crypto';
import type { ServerExchange } from '../../../wire/exchange.ts';
import { type Fields, fieldValue, NO_FIELDS } from '../../../wire/fields.ts';

/** One document, ready to send. */
export interface Document {
  readonly contentType: string;
  readonly body: Buffer;
  /** Without quotes; also the `hash` of its address. One for all forms of a document. */
  readonly hash: string;
}

export function hashOf(content: Uint8Array): string {
  return createHash('sha512').update(content).digest('hex').toUpperCase();
}

/** Sends a document, or 304 to who has it (RFC 9110 section 13.1.2, as Go's http.ServeContent has it). */
export function sendDocument(exchange: ServerExchange, { contentType, body, hash }: Document, fields: Fields): void {
  const etag = `"${hash}"`;
  const about = ['etag', etag, 'vary', 'Accept', ...fields];
  if (hasTag(fieldValue(exchange.head.fields, 'if-none-match'), etag)) {
    exchange.respond({ status: 304, fields: about }, true);
    return;
  }
  send(exchange, 200, ['content-type', contentType, ...about], body);
}

export function send(exchange: ServerExchange, status: number, fields: Fields, body: Uint8Array): void {
  const bodyless = exchange.head.method === 'HEAD' || body.length === 0;
  const sink = exchange.respond({ status, fields: [...fields, 'content-length', String(body.length)] }, bodyless);
  if (bodyless) return;
  sink.write(body);
  sink.end(NO_FIELDS);
}

/**
 * Whether an Accept header allows a media type of one of these names, first come first served; like kube-openapi's, it knows
 * no weights.
 */
export function accepted<T>(accept: string | undefined, offered: readonly (readonly [string, T])[]): T | undefined {
  if (accept === undefined || accept === '') return offered[0]?.[1];
  for (const part of accept.split(',')) {
    const range = part.split(';')[0]?.trim() ?? '';
    for (const [name, value] of offered) {
      if (range === name || range === '*/*' || range === `${name.slice(0, name.indexOf('/'))}/*`) return value;
    }
  }
  return undefined;
}

function hasTag(ifNoneMatch: string | undefined, etag: string): boolean {
  return (ifNoneMatch ?? '').split(',').some((part) => {
    const tag = part.trim().replace(/^W\//, '');
    return tag === '*' || tag === etag;
  });
}
