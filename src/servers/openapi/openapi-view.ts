import { gzipSync } from 'node:zlib';
import type { Logger } from '../../observe/logger.ts';
import type { OpenAPIEncoding } from '../../openapi/openapi-encoding.ts';
import { encodeOpenAPIIndex, type OpenAPIIndex } from '../../openapi/openapi-index.ts';
import { type MergedEntry, type OpenAPIListing, uniteOpenAPI } from '../../openapi/openapi-union.ts';
import type { OpenAPIDocument, PublishedOpenAPI } from '../../proxy/published-openapi.ts';
import type { ServerReport } from '../snapshot-builder.ts';
import { OpenAPIDocuments } from './openapi-documents.ts';
import { type FetchedOpenAPI, fetchOpenAPI, hashOfOpenAPI } from './openapi-fetch.ts';
import { OpenAPIV2 } from './openapi-v2.ts';

/** Of merged group-versions there are a handful, of half a megabyte each. */
const MOST_BYTES = 64 * 1024 * 1024;

export const NO_LISTING: OpenAPIListing = { servers: new Map(), unread: [], failing: new Set() };

/** OpenAPI of all servers, united anew whenever an index or discovery changed. Documents are merged when they are asked for. */
export class OpenAPIView {
  readonly #logger: Logger;
  readonly #documents = {
    json: new OpenAPIDocuments({ version: 'v3', encoding: 'json' }, MOST_BYTES),
    protobuf: new OpenAPIDocuments({ version: 'v3', encoding: 'protobuf' }, MOST_BYTES),
  };
  readonly #v2: Readonly<Record<OpenAPIEncoding, OpenAPIV2>>;
  /** Of what the union is. */
  #united: readonly ServerReport[] = [];
  #reports: readonly ServerReport[] = [];
  #listing = NO_LISTING;
  #published: PublishedOpenAPI | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
    this.#v2 = { json: new OpenAPIV2('json', logger), protobuf: new OpenAPIV2('protobuf', logger) };
  }

  get listing(): OpenAPIListing {
    return this.#listing;
  }

  /** Undefined while no server has told anything. */
  get published(): PublishedOpenAPI | undefined {
    return this.#published;
  }

  /** `reports` in the snapshot's order. */
  update(reports: readonly ServerReport[]): void {
    this.#reports = reports;
    if (areEqual(reports, this.#united)) return;
    this.#united = reports;
    const inputs = reports.map(({ openapi, discovery }) => ({
      index: openapi?.index,
      isFailing: openapi?.isFailing,
      discovery,
    }));
    const { index, merged, ...listing } = uniteOpenAPI(inputs, hashOfOpenAPI);
    this.#listing = listing;
    this.#published = index.size === 0 ? undefined : this.#publish(index, merged, reports);
  }

  #publish(
    index: OpenAPIIndex,
    merged: ReadonlyMap<string, MergedEntry>,
    reports: readonly ServerReport[],
  ): PublishedOpenAPI {
    const documents = [...merged].map(([path, { hash, parts }]) => {
      const wanted = parts.map(({ server, hash: own }) => ({ server: reports[server]?.name ?? '', hash: own }));
      return [path, { hash, read: (encoding: OpenAPIEncoding) => this.#read(path, encoding, hash, wanted) }] as const;
    });
    return {
      index: publishIndex(encodeOpenAPIIndex(index)),
      merged: new Map(documents),
      readV2: (encoding) => this.#v2[encoding].read(this.#reports),
    };
  }

  async #read(
    path: string,
    encoding: OpenAPIEncoding,
    hash: string,
    parts: readonly { readonly server: string; readonly hash: string }[],
  ): Promise<OpenAPIDocument | undefined> {
    const known = this.#documents[encoding].get(hash);
    if (known !== undefined) return known;
    try {
      const fetched = await Promise.all(parts.map((part) => this.#fetch(path, encoding, part)));
      const present = fetched.filter((part) => part !== undefined);
      return present.length === 0 ? undefined : await this.#documents[encoding].of(present);
    } catch (error) {
      this.#logger.warn('an OpenAPI document cannot be merged', { path, error });
      return undefined;
    }
  }

  /** One server's part as it is now; undefined when it cannot be had. */
  async #fetch(
    path: string,
    encoding: OpenAPIEncoding,
    { server, hash }: { readonly server: string; readonly hash: string },
  ): Promise<FetchedOpenAPI | undefined> {
    const report = this.#reports.find(({ name }) => name === server);
    const url = report?.openapi?.index?.get(path)?.url;
    if (!report?.ready || report.openapi === undefined || url === undefined) return undefined;
    try {
      const fetched = await fetchOpenAPI(report.openapi, url.split('?', 1)[0] ?? url, { version: 'v3', encoding });
      if (fetched?.hash !== hash) void report.openapi.again();
      return fetched;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.warn('a server’s part of an OpenAPI document cannot be read', { server, path, reason });
      return undefined;
    }
  }
}

function areEqual(some: readonly ServerReport[], others: readonly ServerReport[]): boolean {
  return (
    some.length === others.length &&
    some.every((one, i) => {
      const other = others[i];
      if (one === other) return true;
      return (
        one.name === other?.name &&
        one.discovery === other.discovery &&
        one.openapi?.index === other.openapi?.index &&
        one.openapi?.isFailing === other.openapi?.isFailing
      );
    })
  );
}

function publishIndex(text: string): OpenAPIDocument {
  const identity = Buffer.from(text);
  let compressed: Uint8Array | undefined;
  return {
    // As kube-apiserver's, although it is JSON.
    contentType: 'text/plain; charset=utf-8',
    etag: `"${hashOfOpenAPI(identity)}"`,
    identity,
    get gzip() {
      compressed ??= gzipSync(identity);
      return compressed;
    },
  };
}
