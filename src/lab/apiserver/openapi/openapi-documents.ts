import type { ServerExchange } from '../../../wire/exchange.ts';
import { fieldValue, NO_FIELDS } from '../../../wire/fields.ts';
import { groupVersionPath, type JsonObject } from '../../api-object.ts';
import type { KindFields, ServedType } from '../served-type.ts';
import { customSchemas } from './custom-schemas.ts';
import { kindFields } from './kind-fields.ts';
import { accepted, type Document, hashOf, send, sendDocument } from './openapi-answer.ts';
import { openapiPaths } from './openapi-paths.ts';
import { type Kind, SchemaPool } from './schema-pool.ts';
import { swaggerDocument, swaggerJson } from './swagger-document.ts';
import { swaggerProtobuf } from './swagger-protobuf.ts';

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

const V2 = '/openapi/v2';
const V3 = '/openapi/v3';
const JSON_TYPE = 'application/json';
/** What kubectl before 1.29 asks `/openapi/v2` for, what it may be called as well, and what it is answered. */
const PROTOBUF_TYPES = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
] as const;
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const NOTHING = Buffer.alloc(0);

type Form = 'json' | 'protobuf';

/** All documents of one moment; each is made when it is asked for first. */
interface Documents {
  /** By path below `/openapi/v3`. */
  readonly v3: ReadonlyMap<string, () => Document>;
  readonly v2: Readonly<Record<Form, () => Document>>;
  readonly recorded: SchemaPool;
  /** The recorded schemas and those of custom types. */
  readonly pool: () => SchemaPool;
}

/**
 * Answers `/openapi/v3` and `/openapi/v3/apis/GROUP/VERSION` as JSON and `/openapi/v2` as JSON or protobuf (KEP-2896;
 * kube-openapi pkg/handler and pkg/handler3), for one server. The documents hold the recorded schemas of every kind and the
 * operations that clients look for.
 */
export class OpenapiDocuments {
  readonly #source: OpenapiSource;
  #recorded: Promise<SchemaPool> | undefined;
  #built: { readonly of: object; readonly documents: Promise<Documents> } | undefined;

  constructor(source: OpenapiSource) {
    this.#source = source;
  }

  /**
   * Resolves to false, without touching the exchange, for a path that is none of OpenAPI; rejects when the recorded schemas
   * cannot be read.
   */
  async answer(exchange: ServerExchange): Promise<boolean> {
    const { target } = exchange.head;
    const question = target.indexOf('?');
    const path = question === -1 ? target : target.slice(0, question);
    if (path !== V2 && path !== V3 && !path.startsWith(`${V3}/`)) return false;
    const hash = new URLSearchParams(question === -1 ? '' : target.slice(question)).get('hash') ?? '';
    await this.#answer(exchange, path, hash);
    return true;
  }

  /** The fields of a kind; undefined when its schema was not recorded. Rejects when the schemas cannot be read. */
  async fieldsOf(kind: Kind): Promise<KindFields | undefined> {
    const { recorded, pool } = await this.#documents();
    const name = pool().nameOf(kind);
    const schema = name === undefined ? undefined : pool().get(name);
    if (name === undefined || schema === undefined) return undefined;
    return kindFields(schema, pool(), recorded.get(name) === undefined);
  }

  async #answer(exchange: ServerExchange, path: string, hash: string): Promise<void> {
    const documents = await this.#documents();
    const accept = fieldValue(exchange.head.fields, 'accept');
    if (path === V3) {
      send(exchange, 200, ['content-type', 'text/plain; charset=utf-8'], Buffer.from(index(documents)));
    } else if (path === V2) {
      const offered = [[JSON_TYPE, 'json'], ...PROTOBUF_TYPES.map((name) => [name, 'protobuf'] as const)] as const;
      const form = accepted<Form>(accept, offered);
      if (form === undefined) send(exchange, 406, NO_FIELDS, NOTHING);
      else sendDocument(exchange, documents.v2[form](), []);
    } else {
      const document = documents.v3.get(path.slice(V3.length))?.();
      if (document === undefined) send(exchange, 404, NO_FIELDS, NOTHING);
      else if (accepted(accept, [[JSON_TYPE, true]]) === undefined) send(exchange, 406, NO_FIELDS, NOTHING);
      else sendHashed(exchange, path, document, hash);
    }
  }

  #documents(): Promise<Documents> {
    const of = this.#source.discovery;
    if (this.#built?.of !== of) this.#built = { of, documents: this.#build([...this.#source.all()]) };
    return this.#built.documents;
  }

  async #build(types: readonly ServedType[]): Promise<Documents> {
    const { recording } = this.#source;
    this.#recorded ??= recording.schemas().then((schemas) => new SchemaPool(schemas ?? new Map()));
    const recorded = await this.#recorded;
    const info = { title: 'Kubernetes', version: recording.version.split('.').slice(0, 2).join('.') };
    const byPath = [...Map.groupBy(types, groupVersionPath)].sort(([left], [right]) => (left < right ? -1 : 1));
    const v3 = byPath.map(([path, some]): [string, () => Document] => [
      path,
      once(() => documentV3(info, some, recorded)),
    ]);
    const pool = once(() => withCustomSchemas(recorded, types));
    const swagger = once(() => {
      const paths = openapiPaths(types, pool());
      return swaggerDocument(info, paths, pool().closure(paths));
    });
    const json = once((): Document => {
      const body = Buffer.from(swaggerJson(swagger()));
      return { contentType: JSON_TYPE, body, hash: hashOf(body) };
    });
    const protobuf = once(
      (): Document => ({ contentType: PROTOBUF_TYPES[1], body: swaggerProtobuf(swagger()), hash: json().hash }),
    );
    return { v3: new Map(v3), v2: { json, protobuf }, recorded, pool };
  }
}

/** An address that carries the hash may be kept for ever; one with an old hash leads to the new one. */
function sendHashed(exchange: ServerExchange, path: string, document: Document, hash: string): void {
  if (hash === '') {
    sendDocument(exchange, document, []);
  } else if (hash !== document.hash) {
    const fields = ['etag', `"${document.hash}"`, 'vary', 'Accept', 'location', `${path}?hash=${document.hash}`];
    send(exchange, 301, fields, NOTHING);
  } else {
    const expires = new Date(Date.now() + YEAR_MS).toUTCString();
    sendDocument(exchange, document, ['cache-control', 'public, immutable', 'expires', expires]);
  }
}

function documentV3(info: JsonObject, types: readonly ServedType[], recorded: SchemaPool): Document {
  const pool = withCustomSchemas(recorded, types);
  const paths = openapiPaths(types, pool);
  const schemas = pool.closure(paths);
  const body = Buffer.from(JSON.stringify({ openapi: '3.0.0', info, paths, components: { schemas } }));
  return { contentType: JSON_TYPE, body, hash: hashOf(body) };
}

function withCustomSchemas(recorded: SchemaPool, types: readonly ServedType[]): SchemaPool {
  const custom = types.filter((type) => type.custom !== undefined);
  return recorded.with(new Map(custom.flatMap((type) => [...customSchemas(type, recorded)])));
}

function index({ v3 }: Documents): string {
  const paths = [...v3].map(([path, document]) => [
    path.slice(1),
    { serverRelativeURL: `${V3}${path}?hash=${document().hash}` },
  ]);
  return JSON.stringify({ paths: Object.fromEntries(paths) });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
