import type { ServerExchange } from '../../../src/wire/exchange.ts';
import { fieldValue } from '../../../src/wire/fields.ts';
import type { FakeDiscovery } from '../../../test/support/fake-discovery.ts';
import { bytesOf, objectName, spanOf } from '../content.ts';
import { Answer, TRAILER } from './answers.ts';
import type { CommitLog } from './commits.ts';
import { type Order, plannedReset } from './misbehaviour.ts';
import type { ServedConnections } from './served-connections.ts';

const JSON_TYPE = 'application/json';
/** What the proxy watches besides; this server does not have it. */
const WATCHED = /\/(customresourcedefinitions|apiservices|leases|endpointslices)$/;

export interface SoakHandlerOptions {
  readonly name: string;
  readonly gitVersion: string;
  readonly discovery: FakeDiscovery;
  readonly commits: CommitLog;
  readonly connections: ServedConnections;
}

/** Answers requests, or does what it was ordered to do wrong. */
export class SoakHandler {
  readonly #options: SoakHandlerOptions;
  readonly #watches = new Set<Answer>();
  #order: Order = { kind: 'behave' };

  constructor(options: SoakHandlerOptions) {
    this.#options = options;
  }

  obey(order: Order): void {
    this.#order = order;
    this.#options.connections.obey(order);
    if (order.kind !== 'reset') return;
    for (const watch of this.#watches) {
      const planned = plannedReset(order);
      if (planned !== undefined) watch.breakOff(planned.reason);
    }
  }

  handle(exchange: ServerExchange): void {
    const { name, gitVersion, discovery, connections } = this.#options;
    const { method, target, fields } = exchange.head;
    const [path = '', query = ''] = target.split('?', 2);
    if (connections.refuses(exchange)) return;
    const document = discovery(path, fieldValue(fields, 'accept') ?? '');
    const plain = new Answer(exchange, name, undefined);
    if (path === '/readyz') {
      const isReady = this.#order.kind !== 'unready';
      plain.text(isReady ? 200 : 500, 'text/plain', isReady ? 'ok' : 'shutting down');
    } else if (path === '/version') plain.text(200, JSON_TYPE, `${JSON.stringify({ gitVersion })}\n`);
    else if (document !== undefined) {
      const { etag, contentType, body } = document;
      if (etag !== undefined && fieldValue(fields, 'if-none-match') === etag) plain.bare(304, ['etag', etag]);
      else plain.text(200, contentType, body, etag === undefined ? [] : ['etag', etag]);
    } else if (path.startsWith('/openapi/') || WATCHED.test(path)) unknown(plain);
    else this.#serve(exchange, method, path, new URLSearchParams(query));
  }

  #serve(exchange: ServerExchange, method: string, path: string, query: URLSearchParams): void {
    const planned = plannedReset(this.#order);
    const answer = new Answer(exchange, this.#options.name, planned);
    if (planned?.phase === 'before it is read') answer.breakOff(planned.reason);
    else if (path.endsWith('/exec')) answer.echo();
    else if (method === 'POST') this.#create(answer, query);
    else this.#read(answer, method, path, query);
  }

  #read(answer: Answer, method: string, path: string, query: URLSearchParams): void {
    const serve = (): void => {
      if (answer.isOver || !this.#options.connections.begin(answer.exchange)) return;
      if (query.has('watch')) this.#watch(answer, query);
      else if (method === 'DELETE') answer.bare(204, []);
      else read(answer, query.get('object') ?? path.slice(path.lastIndexOf('/') + 1), query.has('trailers'));
    };
    const afterMs = Number(query.get('after'));
    if (afterMs > 0) setTimeout(serve, afterMs);
    else serve();
  }

  #watch(answer: Answer, query: URLSearchParams): void {
    this.#watches.add(answer);
    answer.onOver = () => this.#watches.delete(answer);
    answer.events(Number(query.get('id')), Number(query.get('events')), Number(query.get('every')));
  }

  /** Executed once its body has come whole; an answer that says so follows. */
  #create(answer: Answer, query: URLSearchParams): void {
    const id = Number(query.get('id'));
    const expected = bytesOf(spanOf(query.get('object') ?? ''));
    let at = 0;
    let isRight = true;
    answer.exchange.body.read({
      data: (chunk) => {
        isRight &&= expected.subarray(at, at + chunk.length).equals(chunk);
        at += chunk.length;
        return true;
      },
      end: () => {
        if (answer.isOver || !this.#options.connections.begin(answer.exchange)) return;
        if (!isRight || at !== expected.length) {
          answer.text(422, 'text/plain', `${at} of ${expected.length} bytes came${isRight ? '' : ', others'}\n`);
          return;
        }
        this.#options.commits.add(id);
        answer.text(201, JSON_TYPE, `created ${id} ${expected.length}\n`);
      },
      reset: () => {},
    });
  }
}

function read(answer: Answer, name: string, hasTrailers: boolean): void {
  if (!name.startsWith('o-')) {
    missing(answer, name);
    return;
  }
  const span = spanOf(name);
  const etag = `"${objectName(span)}"`;
  const { method, fields } = answer.exchange.head;
  const length = hasTrailers ? ['trailer', TRAILER] : ['content-length', String(span.length)];
  const described = ['content-type', JSON_TYPE, 'etag', etag, ...length];
  if (fieldValue(fields, 'if-none-match') === etag) answer.bare(304, ['etag', etag]);
  else if (method === 'HEAD') answer.bare(200, described);
  else answer.content(span, described, hasTrailers ? [TRAILER, etag] : []);
}

function missing(answer: Answer, name: string): void {
  const status = {
    kind: 'Status',
    status: 'Failure',
    reason: 'NotFound',
    details: { name, kind: 'configmaps' },
    code: 404,
  };
  answer.text(404, JSON_TYPE, `${JSON.stringify(status)}\n`);
}

/** What a real server says to a path it does not know. */
function unknown(answer: Answer): void {
  answer.text(404, 'text/plain; charset=utf-8', '404 page not found\n');
}
