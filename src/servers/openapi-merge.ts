import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { OpenAPIVersion } from '../openapi/merge-json.ts';
import { MERGE_PROGRAM, type MergedBytes, mergeTask } from './openapi-merge-thread.ts';

/** Ample for several documents of the largest size accepted. */
const HEAP_MB = 1_024;

let last: Promise<unknown> = Promise.resolve();

/**
 * Merges documents (JSON, newest first) and compresses the result, apart from the event loop: they are megabytes. One at
 * a time. Rejects when a document is no JSON, or when there is no thread or memory to be had.
 */
export function mergeInThread(version: OpenAPIVersion, documents: readonly Uint8Array[]): Promise<MergedBytes> {
  const result = last.then(() => runThread(version, documents));
  last = result.catch(() => {});
  return result;
}

async function runThread(version: OpenAPIVersion, documents: readonly Uint8Array[]): Promise<MergedBytes> {
  const worker = new Worker(MERGE_PROGRAM, {
    workerData: mergeTask(version, documents),
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    // Flags of the host's main program, such as a loader, are none of the thread's business.
    execArgv: [],
  });
  try {
    const [merged] = (await once(worker, 'message')) as [MergedBytes];
    return merged;
  } finally {
    void worker.terminate();
  }
}
