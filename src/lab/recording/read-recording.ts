import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { type APIGroupDiscovery, parseAggregatedDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import { parseServerVersion } from '../../kubernetes/kube-version.ts';
import type { JsonObject } from '../api-object.ts';
import type { Recording, StorageVersionHashes } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import {
  API_FILE,
  APIS_FILE,
  MAX_DOCUMENT_BYTES,
  MAX_SCHEMAS_BYTES,
  SCHEMAS_FILE,
  STORAGE_FILE,
  VERSION_FILE,
} from './recording-files.ts';

const decompress = promisify(brotliDecompress);

/**
 * Reads one recording from its directory. Schemas are read when somebody asks for them first.
 * @throws {RecordingError} naming the file and what is wrong with it
 */
export async function readRecording(directory: string): Promise<Recording> {
  const versionInfo = await readObject(directory, VERSION_FILE);
  const api = await readGroups(directory, API_FILE);
  const apis = await readGroups(directory, APIS_FILE);
  let schemas: Promise<ReadonlyMap<string, JsonObject> | undefined> | undefined;
  return {
    version: recordedVersion(versionInfo, join(directory, VERSION_FILE)),
    versionInfo,
    api,
    apis,
    storageVersions: await readStorageVersions(join(directory, STORAGE_FILE)),
    schemas: () => {
      schemas ??= readSchemas(join(directory, SCHEMAS_FILE));
      return schemas;
    },
  };
}

/**
 * `gitVersion` without its v.
 * @throws {RecordingError} when it tells no version
 */
export function recordedVersion({ gitVersion }: JsonObject, source: string): string {
  if (typeof gitVersion !== 'string' || parseServerVersion(gitVersion) === undefined) {
    const found = JSON.stringify(gitVersion) ?? 'missing';
    throw new RecordingError(`${source} is not the /version of a kube-apiserver: gitVersion is ${found}. ${AGAIN}`);
  }
  return gitVersion.replace(/^v/, '');
}

/**
 * The schemas of an OpenAPI v3 document by name.
 * @throws {RecordingError} when it has none
 */
export function componentSchemas(document: unknown, source: string): ReadonlyMap<string, JsonObject> {
  const components = isObject(document) ? document['components'] : undefined;
  const schemas = isObject(components) ? (components['schemas'] ?? {}) : undefined;
  if (!isObject(schemas)) throw new RecordingError(`${source} is not an OpenAPI v3 document with schemas. ${AGAIN}`);
  const result = new Map<string, JsonObject>();
  for (const [name, schema] of Object.entries(schemas)) {
    if (!isObject(schema)) throw new RecordingError(`${source}: the schema ${name} is not an object. ${AGAIN}`);
    result.set(name, schema);
  }
  return result;
}

const AGAIN = 'Record the server again with "mvproxy lab record".';

async function readGroups(directory: string, name: string): Promise<readonly APIGroupDiscovery[]> {
  const document = await readObject(directory, name);
  try {
    return parseAggregatedDiscovery(document).items;
  } catch (error) {
    throw new RecordingError(`${join(directory, name)}: ${messageOf(error)} ${AGAIN}`, { cause: error });
  }
}

async function readObject(directory: string, name: string): Promise<JsonObject> {
  const file = join(directory, name);
  const content = await readBounded(file, MAX_DOCUMENT_BYTES);
  if (content === undefined) {
    throw new RecordingError(
      `${file} is missing, so ${directory} is not a recording. Give the directory that "mvproxy lab record" wrote.`,
    );
  }
  const value = parseJson(file, content);
  if (!isObject(value)) throw new RecordingError(`${file} is not a JSON object. ${AGAIN}`);
  return value;
}

async function readStorageVersions(file: string): Promise<StorageVersionHashes | undefined> {
  const content = await readBounded(file, MAX_DOCUMENT_BYTES);
  if (content === undefined) return undefined;
  const value = parseJson(file, content);
  const lists = isObject(value) ? Object.entries(value) : undefined;
  if (lists === undefined || !lists.every(([, list]) => isObject(list) && Object.values(list).every(isText))) {
    throw new RecordingError(`${file} does not hold hashes by group-version and resource. ${AGAIN}`);
  }
  return new Map(
    lists.map(([groupVersion, list]) => [
      groupVersion,
      new Map(Object.entries(isObject(list) ? list : {}).map(([resource, hash]) => [resource, String(hash)])),
    ]),
  );
}

async function readSchemas(file: string): Promise<ReadonlyMap<string, JsonObject> | undefined> {
  const compressed = await readBounded(file, MAX_DOCUMENT_BYTES);
  if (compressed === undefined) return undefined;
  let content: Buffer;
  try {
    content = await decompress(compressed, { maxOutputLength: MAX_SCHEMAS_BYTES });
  } catch (error) {
    throw new RecordingError(`${file} cannot be decompressed: ${messageOf(error)}. ${AGAIN}`, { cause: error });
  }
  return componentSchemas(parseJson(file, content), file);
}

async function readBounded(file: string, limit: number): Promise<Buffer | undefined> {
  try {
    const { size } = await stat(file);
    if (size > limit) throw new RecordingError(`${file} is larger than ${limit} bytes and is not read. ${AGAIN}`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new RecordingError(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function parseJson(file: string, content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch (error) {
    throw new RecordingError(`${file} is not JSON: ${messageOf(error)}. ${AGAIN}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
