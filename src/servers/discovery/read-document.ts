import { createHash, webcrypto } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gunzip } from 'node:zlib';
import type { APIGroupDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import type { FetchedResponse } from '../../wire/fetch.ts';
import { fieldValue } from '../../wire/fields.ts';
import { WeakValues } from '../weak-values.ts';
import { DiscoveryFetchError } from './discovery-fetch-error.ts';
import type { DiscoveryFetchOptions } from './discovery-fetch-options.ts';
import type { DiscoveryWork, DiscoveryWorkResult } from './discovery-worker.ts';
import {
  type DiscoveryDocumentKind,
  type DiscoveryDocuments,
  parseDocument,
  type UnaggregatedDocumentKind,
} from './parse-document.ts';
import { sharedGroup } from './shared-discovery.ts';

const decompress = promisify(gunzip);

/**
 * Larger documents are read by a thread. One of a healthy server holds requests up for 9 ms per MB, one made to be slow
 * for 100 ms and more, and 16 MiB of them for seconds.
 */
const INLINE_BYTES = 256 * 1024;
/** So much of our own JSON is parsed at a time. */
const TURN_CHARACTERS = 256 * 1024;
const AGGREGATED = 'APIGroupDiscoveryList';
/** Far more than a document within bounds can take, as a thread that reaches it takes the process with it. */
const WORKER_MEGABYTES = 1024;

type ReadingLimits = Pick<DiscoveryFetchOptions, 'maxBytes' | 'timeoutMs'>;

/**
 * Reads an unaggregated document of API metadata that nobody vouches for, without holding requests up.
 * Throws DiscoveryFetchError when it is another document, is larger than `maxBytes` when
 * decompressed, or takes longer than `timeoutMs` to read.
 */
export async function readDocument<K extends UnaggregatedDocumentKind>(
  kind: K,
  target: string,
  response: FetchedResponse,
  options: ReadingLimits,
): Promise<DiscoveryDocuments[K]> {
  const text = await textOf(target, response, options);
  if (text.length <= INLINE_BYTES) return readInline(kind, text, target);
  const [json = ''] = await readByWorker({ kind, text }, target, options.timeoutMs);
  return JSON.parse(json);
}

/**
 * The same for an aggregated document. Equal documents are read once and equal groups are one object, whoever said it,
 * for as long as somebody has them.
 */
export async function readGroups(
  target: string,
  response: FetchedResponse,
  options: ReadingLimits,
): Promise<readonly APIGroupDiscovery[]> {
  const text = await textOf(target, response, options);
  const key = text.length <= INLINE_BYTES ? createHash('sha256').update(text).digest('base64') : await digestOf(text);
  const known = documents.get(key);
  if (known !== undefined) return known;
  const underWay = readings.get(key);
  if (underWay !== undefined) return underWay;
  const reading = groupsOf(target, text, options.timeoutMs).finally(() => readings.delete(key));
  readings.set(key, reading);
  const read = await reading;
  documents.set(key, read);
  return read;
}

const documents = new WeakValues<readonly APIGroupDiscovery[]>();
const readings = new Map<string, Promise<readonly APIGroupDiscovery[]>>();

/** On the thread pool. */
async function digestOf(text: Buffer): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', text)).toString('base64');
}

async function groupsOf(target: string, text: Buffer, timeoutMs: number): Promise<readonly APIGroupDiscovery[]> {
  if (text.length <= INLINE_BYTES) {
    return readInline(AGGREGATED, text, target).map((group) => sharedGroup(JSON.stringify(group), () => group));
  }
  const parts = await readByWorker({ kind: AGGREGATED, text }, target, timeoutMs);
  const groups: APIGroupDiscovery[] = [];
  let characters = 0;
  for (const part of parts) {
    // Our own JSON, so that its type is known; requests get a turn between the parts.
    const group = sharedGroup(part, () => {
      characters += part.length;
      return JSON.parse(part);
    });
    groups.push(group);
    if (characters < TURN_CHARACTERS) continue;
    await nextTurn();
    characters = 0;
  }
  return groups;
}

async function textOf(target: string, response: FetchedResponse, { maxBytes }: ReadingLimits): Promise<Buffer> {
  const type = fieldValue(response.fields, 'content-type') ?? '';
  if (!isJson(type)) throw malformed(`GET ${target} was answered with ${type || 'no content type'}, not JSON`);
  return await decoded(target, response, maxBytes);
}

/** kube-apiserver compresses documents of more than 128 KiB when it is asked to. */
async function decoded(target: string, { fields, body }: FetchedResponse, maxBytes: number): Promise<Buffer> {
  const coding = fieldValue(fields, 'content-encoding') ?? 'identity';
  if (coding === 'identity') return body;
  if (coding !== 'gzip')
    throw malformed(`GET ${target} was answered in the content coding ${coding}, which we do not take`);
  try {
    return await decompress(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) {
      const message = `GET ${target} was answered with more than ${maxBytes} bytes, compressed to ${body.length}`;
      throw new DiscoveryFetchError('too-large', message, { cause: error });
    }
    throw malformed(`GET ${target} was answered with gzip that is cut or damaged`, error);
  }
}

function readInline<K extends DiscoveryDocumentKind>(kind: K, text: Buffer, target: string): DiscoveryDocuments[K] {
  try {
    return parseDocument(kind, text);
  } catch (error) {
    throw malformed(`GET ${target}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** More threads at a time only slow each other, and requests, down: at a start hundreds of servers may be read at once. */
const MOST_THREADS = 4;
const waiting: (() => void)[] = [];
let threads = 0;

async function readByWorker(work: DiscoveryWork, target: string, timeoutMs: number): Promise<readonly string[]> {
  if (threads < MOST_THREADS) threads++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await readByThread(work, target, timeoutMs);
  } finally {
    const next = waiting.shift();
    if (next === undefined) threads--;
    else next();
  }
}

/** One thread for one document: none has to be kept, and a document that exhausts it takes no other with it. */
function readByThread(work: DiscoveryWork, target: string, timeoutMs: number): Promise<readonly string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
  const script = import.meta.url.endsWith('.ts') ? './discovery-worker.ts' : './discovery-worker.js';
  const worker = new Worker(new URL(script, import.meta.url), {
    workerData: work,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_MEGABYTES },
  });
  worker.unref();
  const timer = setTimeout(() => {
    reject(malformed(`GET ${target} was answered with a document that takes more than ${timeoutMs} ms to read`));
  }, timeoutMs);
  worker.once('message', (result: DiscoveryWorkResult) => {
    if (result.kind === 'read') resolve(result.parts);
    else reject(malformed(`GET ${target}: ${result.message}`));
  });
  worker.once('error', (error) =>
    reject(malformed(`GET ${target}: the document cannot be read: ${error.message}`, error)),
  );
  worker.once('exit', () => reject(malformed(`GET ${target}: the document cannot be read`)));
  return promise.finally(() => {
    clearTimeout(timer);
    void worker.terminate();
  });
}

function isJson(contentType: string): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType);
}

function malformed(message: string, cause?: unknown): DiscoveryFetchError {
  return new DiscoveryFetchError('malformed', message, { cause });
}
