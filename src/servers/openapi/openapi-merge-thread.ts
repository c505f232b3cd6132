import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { constants, gzipSync } from 'node:zlib';
import { mergeOpenAPIJson } from '../../openapi/merge-json.ts';
import { mergeOpenAPIProtobuf } from '../../openapi/merge-protobuf.ts';
import type { OpenAPIEncoding, OpenAPIVersion } from '../../openapi/openapi-encoding.ts';

/** What a thread of this program is given. */
export interface MergeTask {
  readonly task: typeof TASK;
  readonly version: OpenAPIVersion;
  readonly encoding: OpenAPIEncoding;
  /** Newest first. */
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

export function mergeTask(of: Omit<MergeTask, 'task'>): MergeTask {
  return { task: TASK, ...of };
}

// Also imported by threads that are a host's own.
if (!isMainThread && isMergeTask(workerData)) parentPort?.postMessage(merge(workerData));

function merge({ version, encoding, documents }: MergeTask): MergedBytes {
  const identity =
    encoding === 'json'
      ? Buffer.from(mergeOpenAPIJson(version, documents.map(jsonText)))
      : mergeOpenAPIProtobuf(version, documents);
  return { identity, gzip: gzipSync(identity, { level: constants.Z_DEFAULT_COMPRESSION }) };
}

/** The merge takes well-formed documents for granted. */
function jsonText(document: Uint8Array): string {
  const text = new TextDecoder().decode(document);
  JSON.parse(text);
  return text;
}

function isMergeTask(data: unknown): data is MergeTask {
  return typeof data === 'object' && data !== null && 'task' in data && data.task === TASK;
}
