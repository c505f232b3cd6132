import { isDeepStrictEqual } from 'node:util';
import type { DiscoveryFetchOptions } from '../../servers/discovery/discovery-fetch-options.ts';
import { fetchFrom } from '../../wire/fetch.ts';
import type { JsonObject } from '../api-object.ts';
import { componentSchemas } from './read-recording.ts';
import { RecordingError } from './recording-error.ts';

/** Documents asked for at once; kube-apiserver builds each when it is asked for first. */
const PARALLEL = 4;
const INDEX = '/openapi/v3';
const KINDS = 'x-kubernetes-group-version-kind';

export interface FetchedSchemas {
  /** By schema name, over all documents. */
  readonly schemas: ReadonlyMap<string, JsonObject>;
  /** Documents of the index that could not be read, with the reason. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Reads the OpenAPI v3 document of every group-version and merges their schemas into one pool. Undefined: the server has
 * none (before 1.24, or refused to this user).
 * @throws {RecordingError} when the index is not what Kubernetes defines
 */
export async function fetchSchemas(
  options: DiscoveryFetchOptions,
  onDocument: (done: number, total: number) => void = () => {},
): Promise<FetchedSchemas | undefined> {
  const response = await get(options, INDEX);
  if (response.status !== 200) return undefined;
  const documents = indexDocuments(response.body);
  const read = new Map<string, ReadonlyMap<string, JsonObject>>();
  const failed: { path: string; reason: string }[] = [];
  const pending = documents.values();
  const worker = async () => {
    for (const { path, url } of pending) {
      try {
        const { status, body } = await get(options, url);
        if (status !== 200) throw new RecordingError(`it was answered ${status}`);
        read.set(path, componentSchemas(JSON.parse(body.toString('utf8')), url));
      } catch (error) {
        failed.push({ path, reason: error instanceof Error ? error.message : String(error) });
      }
      onDocument(read.size + failed.length, documents.length);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return { schemas: mergeSchemas(documents.flatMap(({ path }) => [...(read.get(path) ?? [])])), failed };
}

/**
 * One schema per name. The first one counts, with the kinds of all: schemas that many groups share (DeleteOptions,
 * WatchEvent) name in each document other kinds.
 */
export function mergeSchemas(named: Iterable<readonly [string, JsonObject]>): ReadonlyMap<string, JsonObject> {
  const merged = new Map<string, JsonObject>();
  for (const [name, schema] of named) {
    const known = merged.get(name);
    if (known === undefined) merged.set(name, schema);
    else if (known !== schema && KINDS in known) merged.set(name, { ...known, [KINDS]: union(known, schema) });
  }
  return merged;
}

function union(...schemas: readonly JsonObject[]): readonly unknown[] {
  const kinds: unknown[] = [];
  for (const kind of schemas.flatMap((schema) => schema[KINDS] ?? [])) {
    if (!kinds.some((known) => isDeepStrictEqual(known, kind))) kinds.push(kind);
  }
  return kinds;
}

/** In the order of their paths. Only addresses of the same server's OpenAPI are followed. */
function indexDocuments(body: Buffer): readonly { readonly path: string; readonly url: string }[] {
  let index: unknown;
  try {
    index = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new RecordingError(`${INDEX} of the server is not JSON; check that the address is a Kubernetes API server.`, {
      cause: error,
    });
  }
  const paths = typeof index === 'object' && index !== null && 'paths' in index ? index.paths : undefined;
  if (typeof paths !== 'object' || paths === null) {
    throw new RecordingError(
      `${INDEX} of the server lists no paths; check that the address is a Kubernetes API server.`,
    );
  }
  return Object.entries(paths)
    .map(([path, entry]: [string, unknown]) => {
      const isEntry = typeof entry === 'object' && entry !== null && 'serverRelativeURL' in entry;
      const url = isEntry ? String(entry.serverRelativeURL) : '';
      if (!url.startsWith(`${INDEX}/`))
        throw new RecordingError(`${INDEX} of the server has a bad address for ${path}.`);
      return { path, url };
    })
    .sort((left, right) => (left.path < right.path ? -1 : 1));
}

function get({ upstream, fields, timeoutMs, maxBytes }: DiscoveryFetchOptions, target: string) {
  return fetchFrom(upstream, {
    method: 'GET',
    target,
    fields: [...fields, 'accept', 'application/json'],
    timeoutMs,
    maxBytes,
  });
}
