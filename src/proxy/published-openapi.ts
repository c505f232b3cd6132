import type { OpenAPIEncoding } from '../openapi/openapi-encoding.ts';

/** One document, ready to send. */
export interface OpenAPIDocument {
  readonly contentType: string;
  /** Quoted, as it stands in the header. */
  readonly etag: string;
  readonly identity: Uint8Array;
  readonly gzip: Uint8Array;
}

/** A document of `/openapi/v3` that no server has whole. */
export interface MergedOpenAPIDocument {
  /** What its address in the index carries. Opaque to clients. */
  readonly hash: string;
  /**
   * Makes the document, or takes it from those made before; `undefined` while no server that has a part of it can be read.
   * Its ETag is not `hash` if servers have changed their parts since, or one of them cannot be read. Never rejects.
   */
  read(encoding: OpenAPIEncoding): Promise<OpenAPIDocument | undefined>;
}

/** OpenAPI from the merged view. */
export interface PublishedOpenAPI {
  /** `/openapi/v3`. */
  readonly index: OpenAPIDocument;
  /** By path below `/openapi/v3/`; every other document is one server's. */
  readonly merged: ReadonlyMap<string, MergedOpenAPIDocument>;
  /** `/openapi/v2` of all servers; `undefined` while it cannot be made. Never rejects. */
  readV2(encoding: OpenAPIEncoding): Promise<OpenAPIDocument | undefined>;
}
