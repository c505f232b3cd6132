import { failureStatus, type Status, statusJson } from '../../../kubernetes/status.ts';
import type { ServerExchange } from '../../../wire/exchange.ts';
import { type Fields, NO_FIELDS } from '../../../wire/fields.ts';

const TEXT: Fields = ['content-type', 'text/plain; charset=utf-8'];
const NO_SNIFF: Fields = ['x-content-type-options', 'nosniff'];

export function answerBytes(exchange: ServerExchange, status: number, fields: Fields, text: string): void {
  const body = Buffer.from(text);
  const bodyless = exchange.head.method === 'HEAD';
  const sink = exchange.respond({ status, fields: [...fields, 'content-length', String(body.length)] }, bodyless);
  if (bodyless) return;
  sink.write(body);
  sink.end(NO_FIELDS);
}

/** Text; `guarded` as Go's `http.Error` writes it, which forbids clients to guess what it is. */
export function answerText(exchange: ServerExchange, status: number, text: string, guarded = true): void {
  answerBytes(exchange, status, guarded ? [...TEXT, ...NO_SNIFF] : TEXT, text);
}

/** Indented JSON without a final newline, which is how kube-apiserver writes `/` and `/version`. */
export function answerIndented(exchange: ServerExchange, value: unknown): void {
  answerBytes(exchange, 200, ['content-type', 'application/json'], JSON.stringify(value, undefined, 2));
}

/** Refusals of the filters in front of the handlers (401 excepted) forbid to guess what they are. */
export function answerStatus(exchange: ServerExchange, status: Status, fromFilter = false): void {
  const { retryAfterSeconds } = status.details ?? {};
  const fields = ['content-type', 'application/json'];
  if (fromFilter) fields.push(...NO_SNIFF);
  if (retryAfterSeconds !== undefined) fields.push('retry-after', String(retryAfterSeconds));
  answerBytes(exchange, status.code, fields, statusJson(status));
}

/** What apiserver pkg/util/notfoundhandler says of everything that nobody handles. */
export function answerPageNotFound(exchange: ServerExchange): void {
  answerText(exchange, 404, '404 page not found\n');
}

/** go-restful's answers within a compiled-in API group, through apiserver pkg/server/handler.go. */
export const RESOURCE_NOT_FOUND = failureStatus(
  404,
  'NotFound',
  'the server could not find the requested resource',
  {},
);
export const METHOD_NOT_ALLOWED = failureStatus(
  405,
  'MethodNotAllowed',
  'the server does not allow this method on the requested resource',
  {},
);
