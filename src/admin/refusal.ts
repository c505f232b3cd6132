import type { ServerExchange } from '../wire/exchange.ts';
import { discard, sendBody } from '../wire/relay.ts';
import type { AdminError } from './admin-page.ts';

/** Answers a request that is not to reach the pages. */
export function refuse(exchange: ServerExchange, { answer }: AdminError): void {
  if (!exchange.bodyless) discard(exchange.body);
  const { status, contentType, body } = answer;
  const bytes = Buffer.from(body);
  const fields = ['content-type', contentType, 'content-length', String(bytes.length), 'cache-control', 'no-store'];
  const bodyless = exchange.head.method === 'HEAD';
  const sink = exchange.respond({ status, fields }, bodyless);
  if (!bodyless) sendBody(sink, bytes);
}
