import { createHash } from 'node:crypto';
import type { StreamHandler } from './fake-api-server.ts';

export interface FakeAnswer {
  readonly status: number;
  /** Name, value, name, value. */
  readonly fields: readonly string[];
  readonly body: string;
}

/** Kinds by the path of their group-version below `/openapi/v3/`. */
export type FakeKinds = Readonly<Record<string, readonly string[]>>;

/**
 * What a kube-apiserver answers below `/openapi/`, in JSON only: a document for each group-version, with a path and a schema
 * for each kind, and all of it in v2. Standing apart from our own modules, it knows what servers do and not what we expect.
 */
export class FakeOpenAPI {
  /** Stands in every document, as the release of a real server does. */
  readonly release: string;
  kinds: FakeKinds;
  /** Instead of every answer. */
  instead: FakeAnswer | undefined;
  /** Every request: target, and the condition if there is one. */
  readonly requests: string[] = [];

  constructor(release: string, kinds: FakeKinds) {
    this.release = release;
    this.kinds = kinds;
  }

  answer(target: string, ifNoneMatch: string | undefined): FakeAnswer {
    this.requests.push(ifNoneMatch === undefined ? target : `${target} unless ${ifNoneMatch}`);
    if (this.instead !== undefined) return this.instead;
    const { pathname, searchParams } = new URL(target, 'https://localhost');
    if (pathname === '/openapi/v3') {
      return { status: 200, fields: ['content-type', 'text/plain; charset=utf-8'], body: this.index };
    }
    const body = pathname === '/openapi/v2' ? this.v2 : this.document(pathname.slice('/openapi/v3/'.length));
    if (body === undefined) return { status: 404, fields: [], body: '' };
    const hash = hashOf(body);
    const asked = searchParams.get('hash');
    if (asked !== null && asked !== hash) {
      return { status: 301, fields: ['location', `${pathname}?hash=${hash}`], body: '' };
    }
    const fields = ['content-type', 'application/json', 'etag', `"${hash}"`];
    return ifNoneMatch === `"${hash}"` ? { status: 304, fields, body: '' } : { status: 200, fields, body };
  }

  /** As `FakeApiServer.openapi`. */
  get handler(): StreamHandler {
    return (stream, headers) => {
      const { status, fields, body } = this.answer(headers[':path'] ?? '', headers['if-none-match']);
      const pairs = fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ''] as const] : []));
      stream.respond({ ':status': status, ...Object.fromEntries(pairs) }, { endStream: body === '' });
      if (body !== '') stream.end(body);
    };
  }

  get index(): string {
    const entries = Object.keys(this.kinds)
      .sort()
      .map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${this.hashOf(path)}` }]);
    return JSON.stringify({ paths: Object.fromEntries(entries) });
  }

  hashOf(path: string): string {
    return hashOf(this.document(path) ?? '');
  }

  document(path: string): string | undefined {
    const kinds = this.kinds[path];
    if (kinds === undefined) return undefined;
    const { paths, schemas } = this.#describe([[path, kinds]]);
    return JSON.stringify({ openapi: '3.0.0', info: { version: this.release }, paths, components: { schemas } });
  }

  get v2(): string {
    const { paths, schemas } = this.#describe(Object.entries(this.kinds));
    return JSON.stringify({ swagger: '2.0', info: { version: this.release }, paths, definitions: schemas });
  }

  #describe(kinds: readonly (readonly [string, readonly string[]])[]) {
    const all = kinds.flatMap(([path, some]) => some.map((kind) => ({ path, kind })));
    const description = `as of ${this.release}`;
    return {
      paths: Object.fromEntries(all.map(({ path, kind }) => [`/${path}/${kind.toLowerCase()}s`, { description }])),
      schemas: Object.fromEntries(
        all.map(({ path, kind }) => [`${path.replaceAll('/', '.')}.${kind}`, { description }]),
      ),
    };
  }
}

function hashOf(body: string): string {
  return createHash('sha512').update(body).digest('hex').toUpperCase();
}
