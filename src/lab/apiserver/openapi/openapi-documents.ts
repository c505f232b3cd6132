import { createHash } from 'node:crypto';
import type { ServerExchange } from '../../../wire/exchange.ts';
import { type Fields, fieldValue, NO_FIELDS } from '../../../wire/fields.ts';
import { groupVersionPath, type JsonObject } from '../../api-object.ts';
import { answerPageNotFound } from '../dispatch/plain-answer.ts';
import type { ServedType } from '../served-type.ts';
import { customSchemas } from './custom-schemas.ts';
import { openapiPaths } from './openapi-paths.ts';
import { SchemaPool } from './schema-pool.ts';

/** What the documents are made of; a TypeCatalog has it. */
export interface OpenapiSource {
  readonly recording: {
    readonly version: string;
    schemas(): Promise<ReadonlyMap<string, JsonObject> | undefined>;
  };
  /** Another object after every change. */
  readonly discovery: object;
  all(): Iterable<ServedType>;
}

interface Document {
  readonly body: Buffer;
  /** Without quotes; also the `hash` of its address. */
  readonly hash: string;
}

const ROOT = '/openapi/v3';
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * Answers `/openapi/v3` and `/openapi/v3/apis/GROUP/VERSION` of one server as JSON (KEP-2896; kube-openapi
 * pkg/handler3). Every document holds the recorded schemas of its group-version and the operations that clients look for.
 */
export class OpenapiDocuments {
  readonly #source: OpenapiSource;
  #recorded: Promise<SchemaPool> | undefined;
  #built: { readonly of: object; readonly documents: Promise<ReadonlyMap<string, () => Document>> } | undefined;

  constructor(source: OpenapiSource) {
    this.#source = source;
  }

  /** @returns false, without touching the exchange, for a path that is none of OpenAPI v3 */
  answer(exchange: ServerExchange): boolean {
    const { target, method } = exchange.head;
    const question = target.indexOf('?');
    const path = question === -1 ? target : target.slice(0, question);
    if (path !== ROOT && !path.startsWith(`${ROOT}/`)) return false;
    void this.#answer(exchange, path, new URLSearchParams(question === -1 ? '' : target.slice(question)), method);
    return true;
  }

  async #answer(exchange: ServerExchange, path: string, query: URLSearchParams, method: string): Promise<void> {
    const documents = await this.#documents();
    if (path === ROOT) return send(exchange, 200, INDEX_FIELDS, Buffer.from(JSON.stringify(index(documents))));
    const document = documents.get(path.slice(ROOT.length))?.();
    if (document === undefined) return send(exchange, 404, NO_FIELDS, NOTHING);
    const { fields } = exchange.head;
    if (!acceptsJson(fieldValue(fields, 'accept'))) return send(exchange, 406, NO_FIELDS, NOTHING);
    const etag = ['etag', `"${document.hash}"`, 'vary', 'Accept'];
    const asked = query.get('hash');
    if (asked !== null && asked !== '' && asked !== document.hash) {
      const location = `${path}?hash=${document.hash}`;
      return send(exchange, 301, [...etag, 'location', location], NOTHING);
    }
    const caching = asked ? ['cache-control', 'public, immutable', 'expires', inOneYear()] : [];
    if (matches(fieldValue(fields, 'if-none-match'), document.hash)) {
      exchange.respond({ status: 304, fields: [...etag, ...caching] }, true);
      return;
    }
    const isRead = method === 'GET' || method === 'HEAD';
    if (!isRead) return answerPageNotFound(exchange);
    send(exchange, 200, ['content-type', 'application/json', ...etag, ...caching], document.body);
  }

  #documents(): Promise<ReadonlyMap<string, () => Document>> {
    const of = this.#source.discovery;
    if (this.#built?.of !== of) this.#built = { of, documents: this.#build() };
    return this.#built.documents;
  }

  /** By path below `/openapi/v3`, each made when it is first asked for. */
  async #build(): Promise<ReadonlyMap<string, () => Document>> {
    const byPath = Map.groupBy(this.#source.all(), groupVersionPath);
    const { recording } = this.#source;
    this.#recorded ??= recording.schemas().then((schemas) => new SchemaPool(schemas ?? new Map()));
    const recorded = await this.#recorded;
    const info = { title: 'Kubernetes', version: recording.version.split('.').slice(0, 2).join('.') };
    return new Map(
      [...byPath]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([path, types]) => [path, once(() => documentOf(info, types, recorded))]),
    );
  }
}

const INDEX_FIELDS = ['content-type', 'text/plain; charset=utf-8'];
const NOTHING = Buffer.alloc(0);

function documentOf(info: JsonObject, types: readonly ServedType[], recorded: SchemaPool): Document {
  const custom = types.filter((type) => type.custom !== undefined);
  const pool = recorded.with(new Map(custom.flatMap((type) => [...customSchemas(type, recorded)])));
  const paths = openapiPaths(types, pool);
  const schemas = pool.closure(paths);
  const body = Buffer.from(JSON.stringify({ openapi: '3.0.0', info, paths, components: { schemas } }));
  return { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() };
}

function index(documents: ReadonlyMap<string, () => Document>): JsonObject {
  const paths = [...documents].map(([path, document]) => [
    path.slice(1),
    { serverRelativeURL: `${ROOT}${path}?hash=${document().hash}` },
  ]);
  return { paths: Object.fromEntries(paths) };
}

function send(exchange: ServerExchange, status: number, fields: Fields, body: Buffer): void {
  const bodyless = exchange.head.method === 'HEAD' || body.length === 0;
  const sink = exchange.respond({ status, fields: [...fields, 'content-length', String(body.length)] }, bodyless);
  if (bodyless) return;
  sink.write(body);
  sink.end(NO_FIELDS);
}

/** kube-openapi, too, takes the first media range that it can write, and ignores `q=0`. */
function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept === '') return true;
  return accept.split(',').some((part) => {
    const range = part.split(';')[0]?.trim();
    return range === 'application/json' || range === 'application/*' || range === '*/*';
  });
}

/** RFC 9110 section 13.1.2, as Go's http.ServeContent has it. */
function matches(ifNoneMatch: string | undefined, hash: string): boolean {
  return (ifNoneMatch ?? '').split(',').some((part) => {
    const tag = part.trim().replace(/^W\//, '');
    return tag === '*' || tag === `"${hash}"`;
  });
}

function inOneYear(): string {
  return new Date(Date.now() + YEAR_MS).toUTCString();
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
