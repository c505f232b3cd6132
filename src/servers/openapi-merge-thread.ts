import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { constants, gzipSync } from 'node:zlib';
import { mergeOpenAPIJson, type OpenAPIVersion } from '../openapi/merge-json.ts';

/** What a thread of this program is given. */
export interface MergeTask {
  readonly task: typeof TASK;
  readonly version: OpenAPIVersion;
  /** JSON, newest first. */
  readonly documents: readonly Uint8Array[];
}

/** What it posts, once. */
export interface MergedBytes {
  readonly identity: Uint8Array;
  readonly gzip: Uint8Array;
}

const TASK = 'mixed-version-proxy/merge-openapi';

/** This file as a thread's program. Its own address is right before and after compilation, and in every directory. */
export const MERGE_PROGRAM = new URL(import.meta.url);

export function mergeTask(version: OpenAPIVersion, documents: readonly Uint8Array[]): MergeTask {
  return { task: TASK, version, documents };
}

// Also imported by threads that are a host's own.
if (!isMainThread && isMergeTask(workerData)) parentPort?.postMessage(merge(workerData));

function merge({ version, documents }: MergeTask): MergedBytes {
  const texts = documents.map((document) => {
    const text = Buffer.from(document.buffer, document.byteOffset, document.byteLength).toString('utf8');
    // The merge takes well-formed documents for granted.
    JSON.parse(text);
    return text;
  });
  const identity = Buffer.from(mergeOpenAPIJson(version, texts));
  return { identity, gzip: gzipSync(identity, { level: constants.Z_DEFAULT_COMPRESSION }) };
}

function isMergeTask(data: unknown): data is MergeTask {
  return typeof data === 'object' && data !== null && 'task' in data && data.task === TASK;
}
