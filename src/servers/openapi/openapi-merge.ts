import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { MERGE_PROGRAM, type MergedBytes, type MergeTask, mergeTask } from './openapi-merge-thread.ts';

/** Ample for several documents of the largest size accepted. */
const HEAP_MB = 1_024;

let last: Promise<unknown> = Promise.resolve();

/**
 * Merges documents of one version and encoding, newest first, and compresses the result, apart from the event loop: they are megabytes. One at
 * a time. Rejects when a document is broken, or when there is no thread or memory to be had.
 */
export function mergeInThread(task: Omit<MergeTask, 'task'>): Promise<MergedBytes> {
  const result = last.then(() => runThread(task));
  last = result.catch(() => {});
  return result;
}

async function runThread(task: Omit<MergeTask, 'task'>): Promise<MergedBytes> {
  const worker = new Worker(MERGE_PROGRAM, {
    workerData: mergeTask(task),
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
