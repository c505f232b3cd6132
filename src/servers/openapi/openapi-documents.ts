import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { openAPIContentType } from '../../openapi/openapi-encoding.ts';
import { mergedHash } from '../../openapi/openapi-union.ts';
import type { OpenAPIDocument } from '../../proxy/published-openapi.ts';
import { type FetchedOpenAPI, hashOfOpenAPI, type OpenAPIFormat } from './openapi-fetch.ts';
import { mergeInThread } from './openapi-merge.ts';

const compress = promisify(gzip);

/** Merged documents of one format, made once for the same parts; those asked for longest ago are forgotten. */
export class OpenAPIDocuments {
  readonly #format: OpenAPIFormat;
  readonly #mostBytes: number;
  readonly #documents = new Map<string, OpenAPIDocument>();
  readonly #making = new Map<string, Promise<OpenAPIDocument>>();
  #bytes = 0;

  /** `mostBytes`: of all documents kept, in both codings; the last one is kept in any case. */
  constructor(format: OpenAPIFormat, mostBytes: number) {
    this.#format = format;
    this.#mostBytes = mostBytes;
  }

  /** The document of that hash, if it was made and is still kept. */
  get(hash: string): OpenAPIDocument | undefined {
    const document = this.#documents.get(hash);
    if (document !== undefined) {
      this.#documents.delete(hash);
      this.#documents.set(hash, document);
    }
    return document;
  }

  /** What the parts, newest first and at least one, come to. Rejects when it cannot be made. */
  async of(parts: readonly FetchedOpenAPI[]): Promise<OpenAPIDocument> {
    const distinct = [...new Map(parts.map((part) => [part.hash, part])).values()];
    const hashes = distinct.map(({ hash }) => hash);
    const [only] = distinct;
    const hash = distinct.length === 1 && only !== undefined ? only.hash : mergedHash(hashes, hashOfOpenAPI);
    const known = this.get(hash) ?? this.#making.get(hash);
    if (known !== undefined) return known;
    const making = this.#make(hash, distinct).finally(() => this.#making.delete(hash));
    this.#making.set(hash, making);
    return making;
  }

  async #make(hash: string, parts: readonly FetchedOpenAPI[]): Promise<OpenAPIDocument> {
    const bodies = parts.map(({ body }) => body);
    const [only] = bodies;
    const bytes =
      bodies.length === 1 && only !== undefined
        ? { identity: only, gzip: await compress(only) }
        : await mergeInThread({ ...this.#format, documents: bodies });
    const { version, encoding } = this.#format;
    const document = { contentType: openAPIContentType(version, encoding), etag: `"${hash}"`, ...bytes };
    this.#keep(hash, document);
    return document;
  }

  #keep(hash: string, document: OpenAPIDocument): void {
    this.#documents.set(hash, document);
    this.#bytes += sizeOf(document);
    for (const [oldest, forgotten] of this.#documents) {
      if (this.#bytes <= this.#mostBytes || oldest === hash) return;
      this.#documents.delete(oldest);
      this.#bytes -= sizeOf(forgotten);
    }
  }
}

function sizeOf({ identity, gzip: compressed }: OpenAPIDocument): number {
  return identity.length + compressed.length;
}
