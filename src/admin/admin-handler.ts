import type { ExchangeHandler, RequestHead, ServerExchange } from '../wire/exchange.ts';
import { type Fields, fieldValue } from '../wire/fields.ts';
import { discard, sendBody } from '../wire/relay.ts';
import { type AdminAnswer, AdminError, type AdminPage, findPage } from './admin-page.ts';

/** What the admin listener shows. */
export interface AdminSource {
  /** Why requests cannot be served now, in clauses; empty when they can. */
  unreadiness(): readonly string[];
  /** The text of a Prometheus scrape. */
  metrics(): Promise<string>;
  readonly metricsContentType: string;
  /** Servers, view, snapshot; plain JSON. */
  status(): unknown;
  /** A page could not be made. Default: only its reader is told. */
  failed?(path: string, error: unknown): void;
  /** Everything else. */
  readonly pages?: readonly AdminPage[];
}

const TEXT = 'text/plain; charset=utf-8';

/** What an answer says that does not say otherwise: it is not stored, and of use to no page but our own. */
const DEFAULT_FIELDS = [
  ['cache-control', 'no-store'],
  ['x-content-type-options', 'nosniff'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['content-security-policy', "frame-ancestors 'none'"],
] as const;

/** Serves /livez, /readyz, /healthz, /metrics, /status and the pages on the loopback admin listener. */
export function createAdminHandler(source: AdminSource): ExchangeHandler {
  return (exchange) => {
    if (!exchange.bodyless) discard(exchange.body);
    const client = new AdminClient(exchange);
    void answer(source, exchange.head).then(
      (found) => send(client, found),
      (error: unknown) => {
        const [path = ''] = exchange.head.target.split('?');
        source.failed?.(path, error);
        send(client, {
          status: 500,
          contentType: TEXT,
          body: 'The page could not be made; try again. The log says why.\n',
        });
      },
    );
  };
}

async function answer(source: AdminSource, { method, target, fields }: RequestHead): Promise<AdminAnswer> {
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, contentType: TEXT, body: `${method} is not supported here; use GET.\n` };
  }
  const [path = '', ...query] = target.split('?');
  switch (path) {
    case '/livez':
      return { status: 200, contentType: TEXT, body: 'ok' };
    case '/readyz':
    case '/healthz':
      return readinessAnswer(source.unreadiness());
    case '/metrics':
      return { status: 200, contentType: source.metricsContentType, body: await source.metrics() };
    case '/status':
      return {
        status: 200,
        contentType: 'application/json',
        body: `${JSON.stringify(source.status(), undefined, 2)}\n`,
      };
    default:
      return pageAnswer(source.pages ?? [], path, query.join('?'), fields);
  }
}

function readinessAnswer(reasons: readonly string[]): AdminAnswer {
  if (reasons.length === 0) return { status: 200, contentType: TEXT, body: 'ok' };
  return { status: 503, contentType: TEXT, body: `not ready: ${reasons.join('; ')}. See /status.\n` };
}

async function pageAnswer(
  pages: readonly AdminPage[],
  path: string,
  query: string,
  fields: Fields,
): Promise<AdminAnswer> {
  const found = findPage(pages, path);
  if (found === undefined) {
    const paths = ['/livez', '/readyz', '/healthz', '/metrics', '/status', ...pages.map((page) => page.path)];
    return { status: 404, contentType: TEXT, body: `Nothing here. There are ${paths.join(', ')}.\n` };
  }
  try {
    const accept = fieldValue(fields, 'accept');
    const ifNoneMatch = fieldValue(fields, 'if-none-match');
    const lastEventId = fieldValue(fields, 'last-event-id');
    const { page, names } = found;
    return await page.answer({ names, query: new URLSearchParams(query), accept, ifNoneMatch, lastEventId });
  } catch (error) {
    if (error instanceof AdminError) return error.answer;
    throw error;
  }
}

/** Whoever waits for an answer, who may leave while it is made. */
class AdminClient {
  readonly exchange: ServerExchange;
  #isGone = false;
  #left: (() => void) | undefined;

  constructor(exchange: ServerExchange) {
    this.exchange = exchange;
    exchange.onAbort = () => {
      this.#isGone = true;
      this.#left?.();
    };
  }

  /** Calls `left` when the client is gone, be it already. */
  onLeave(left: () => void): void {
    if (this.#isGone) left();
    else this.#left = left;
  }
}

function send(client: AdminClient, { status, contentType, body, fields: more = [] }: AdminAnswer): void {
  const { exchange } = client;
  const bytes = typeof body === 'function' ? undefined : Buffer.from(body);
  const fields = ['content-type', contentType, ...more];
  if (bytes !== undefined) fields.push('content-length', String(bytes.length));
  for (const [name, value] of DEFAULT_FIELDS) if (fieldValue(more, name) === undefined) fields.push(name, value);
  // RFC 9110 section 15.5.6: a 405 says what is allowed.
  if (status === 405) fields.push('allow', 'GET, HEAD');
  const bodyless = exchange.head.method === 'HEAD' || status === 304;
  const sink = exchange.respond({ status, fields }, bodyless);
  if (bodyless) return;
  if (typeof body === 'function') client.onLeave(body(sink));
  else if (bytes !== undefined) sendBody(sink, bytes);
}
