import { createHash } from 'node:crypto';
import { type OpenAPIEncoding, type OpenAPIVersion, openAPIAccept } from '../../openapi/openapi-encoding.ts';
import { fieldValue } from '../../wire/fields.ts';
import type { ServerOpenAPI } from './openapi-reader.ts';

/** One server's document in one encoding. */
export interface FetchedOpenAPI {
  /** As the document's address in an index carries it: the ETag without quotes, equal in all encodings. */
  readonly hash: string;
  readonly body: Buffer;
}

/** What is read, and how. */
export interface OpenAPIFormat {
  readonly version: OpenAPIVersion;
  readonly encoding: OpenAPIEncoding;
}

/**
 * Reads one document; `target` without a hash is whatever the server has now. Returns `previous` itself when it is
 * unchanged, and `undefined` when there is no such document. Rejects for every other answer, and when there is none.
 */
export async function fetchOpenAPI(
  server: ServerOpenAPI,
  target: string,
  { version, encoding }: OpenAPIFormat,
  previous?: FetchedOpenAPI,
): Promise<FetchedOpenAPI | undefined> {
  const condition = previous === undefined ? [] : ['if-none-match', `"${previous.hash}"`];
  const { status, fields, body } = await server.fetch(target, [
    'accept',
    openAPIAccept(version, encoding),
    ...condition,
  ]);
  if (status === 304 && previous !== undefined) return previous;
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`GET ${target} was answered ${status}`);
  const type = fieldValue(fields, 'content-type') ?? '';
  if (encoding === 'protobuf' && !type.includes('protobuf')) throw new Error(`GET ${target} was answered as ${type}`);
  const etag = fieldValue(fields, 'etag');
  return { hash: etag === undefined ? hashOfOpenAPI(body) : etag.replace(/^(?:W\/)?"|"$/g, ''), body };
}

/** A hash in the form of kube-apiserver's own. */
export function hashOfOpenAPI(content: string | Uint8Array): string {
  return createHash('sha512').update(content).digest('hex').toUpperCase();
}
