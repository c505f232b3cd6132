import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { AdminError, type AdminPage, findPage } from '../../../src/admin/admin-page.ts';
import { consolePages } from '../../../src/admin/console-pages.ts';
import { historyOf, type PlayedFacts } from '../../../src/console/model/testing/facts.ts';

/** An admin listener with the real console and played facts: for control planes that are larger or worse than one can start. */
export class FakeProxy {
  facts: PlayedFacts;
  /** Whether there is `/events`. */
  hasEvents = true;
  /** Requests by path. */
  readonly asked: string[] = [];
  readonly #pages: readonly AdminPage[];
  readonly #readers = new Set<ServerResponse>();
  #server: Server | undefined;
  #port = 0;
  #lastId = 0;

  constructor(facts: PlayedFacts, pages: readonly AdminPage[] = consolePages()) {
    this.facts = facts;
    this.#pages = pages;
  }

  /** `pages`: those of the console, if they are not to be this checkout's. */
  static async start(t: TestContext, facts: PlayedFacts, pages?: readonly AdminPage[]): Promise<FakeProxy> {
    const proxy = new FakeProxy(facts, pages);
    await proxy.listen();
    t.after(() => proxy.stop());
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** At the same port again after it was stopped. */
  async listen(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  /** To everybody who reads `/events`. */
  emit(event: string, data: unknown): void {
    const text = `event: ${event}\nid: ${++this.#lastId}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const reader of this.#readers) reader.write(text);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    this.asked.push(pathname);
    if (pathname === '/livez') return void response.end('ok');
    if (pathname === '/events' && this.hasEvents) return this.#subscribe(response);
    const played = this.#played(pathname);
    if (played !== undefined) {
      response.setHeader('content-type', 'application/json');
      return void response.end(JSON.stringify(played));
    }
    const found = findPage(this.#pages, pathname);
    if (found === undefined) return void response.writeHead(404).end('Nothing here.');
    const ifNoneMatch = request.headers['if-none-match'];
    const asked = { names: found.names, query: searchParams, accept: undefined, ifNoneMatch, lastEventId: undefined };
    try {
      const { status, contentType, body, fields = [] } = await found.page.answer(asked);
      response.writeHead(status, ['content-type', contentType, ...fields]);
      response.end(typeof body === 'function' ? undefined : body);
    } catch (error) {
      response.writeHead(error instanceof AdminError ? error.answer.status : 500).end(String(error));
    }
  }

  #played(path: string): unknown {
    const { status, skew, decisions, timeline, unexpected404s, explanation } = this.facts;
    switch (path) {
      case '/status':
        return status;
      case '/skew':
        return skew;
      case '/decisions':
        return { items: decisions };
      case '/timeline':
        return timeline;
      case '/unexpected-404s':
        return { since: timeline.since, items: unexpected404s };
      case '/explain':
        return explanation;
      default: {
        const [, name] = /^\/servers\/([^/]+)\/history$/.exec(path) ?? [];
        return name && { items: historyOf(this.facts, decodeURIComponent(name)) ?? [] };
      }
    }
  }

  #subscribe(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(':\n\n');
    this.#readers.add(response);
    response.on('close', () => this.#readers.delete(response));
  }
}
