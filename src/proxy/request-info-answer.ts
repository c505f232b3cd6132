import { isUtf8 } from 'node:buffer';
import type { RequestInfoError } from '../kubernetes/request-info.ts';
import type { ServerExchange } from '../wire/exchange.ts';
import { NO_FIELDS } from '../wire/fields.ts';

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * Answers a request of which kube-apiserver makes no RequestInfo as it does, in plain text and before anybody is identified
 * (InternalError in apiserver pkg/endpoints/handlers/responsewriters). Go's HTTP server refuses bad targets in plain text too.
 */
export function answerRequestInfoError(exchange: ServerExchange, error: RequestInfoError): void {
  const text =
    error.code === 'MVP_REQUEST_INFO'
      ? `Internal Server Error: ${quoted(exchange.head.target)}: failed to create RequestInfo: ${octetsAsText(error.message)}`
      : `400 Bad Request: ${error.message}`;
  const body = Buffer.from(`${text.replace(/[&<>]/g, (character) => HTML[character] ?? character)}\n`);
  const fields = [
    'content-type',
    'text/plain; charset=utf-8',
    'x-content-type-options',
    'nosniff',
    'content-length',
    String(body.length),
  ];
  const bodyless = exchange.head.method === 'HEAD';
  const sink = exchange.respond({ status: error.status, fields }, bodyless);
  if (bodyless) return;
  sink.write(body);
  sink.end(NO_FIELDS);
}

/** As Go's `%q` prints a target without control characters. */
function quoted(target: string): string {
  return `"${octetsAsText(target.replace(/["\\]/g, '\\$&'))}"`;
}

/** `text` holds one octet per character. */
function octetsAsText(text: string): string {
  const octets = Buffer.from(text, 'latin1');
  if (isUtf8(octets)) return octets.toString('utf8');
  return text.replace(/[\x80-\xff]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16)}`);
}
