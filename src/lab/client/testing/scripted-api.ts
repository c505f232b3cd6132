import type { BodySink, ExchangeHandler, ServerExchange } from '../../../wire/exchange.ts';
import { type Fields, NO_FIELDS } from '../../../wire/fields.ts';
import { collect } from '../../../wire/relay.ts';

export interface ScriptedRequest {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly fields: Fields;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
  readonly exchange: ServerExchange;
}

export type ScriptedReply =
  | { readonly status: number; readonly json?: unknown; readonly text?: string; readonly headers?: readonly string[] }
  /** A body that stays open; the script writes to it and ends it. */
  | { readonly stream: (sink: BodySink) => void }
  | 'lose-connection'
  | 'silence';

/** An API server of a few lines: `reply` answers every request. `requests` holds what came, in order. */
export function scriptedApi(reply: (request: ScriptedRequest) => ScriptedReply): {
  readonly handler: ExchangeHandler;
  readonly requests: ScriptedRequest[];
} {
  const requests: ScriptedRequest[] = [];
  const handler: ExchangeHandler = (exchange) => void answer(exchange);
  const answer = async (exchange: ServerExchange): Promise<void> => {
    const { method, target, fields } = exchange.head;
    const collected = await collect(exchange.body, 1024 * 1024);
    const text = collected.kind === 'whole' ? collected.body.toString('utf8') : '';
    const url = new URL(target, 'https://api');
    const request: ScriptedRequest = {
      method,
      target,
      path: url.pathname,
      query: url.searchParams,
      fields,
      body: text === '' ? undefined : JSON.parse(text),
      exchange,
    };
    requests.push(request);
    write(exchange, reply(request));
  };
  return { handler, requests };
}

function write(exchange: ServerExchange, reply: ScriptedReply): void {
  if (reply === 'silence') return;
  if (reply === 'lose-connection') {
    exchange.reset('internal');
    return;
  }
  if ('stream' in reply) {
    reply.stream(exchange.respond({ status: 200, fields: ['content-type', 'application/json'] }, false));
    return;
  }
  const { status, json, text, headers = [] } = reply;
  const type = json === undefined ? 'text/plain' : 'application/json';
  const named = headers.includes('content-type') ? headers : ['content-type', type, ...headers];
  const sink = exchange.respond({ status, fields: named }, false);
  sink.write(Buffer.from(json === undefined ? (text ?? '') : JSON.stringify(json)));
  sink.end(NO_FIELDS);
}
