import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../src/lab/rehearsal/random.ts';
import type { LoadConnection } from '../../test/real/support/load-connection.ts';
import { type ObjectWork, objectTasks } from '../../test/real/support/object-work.ts';
import { type LoadResult, OpenLoopLoad } from '../../test/real/support/open-loop-load.ts';

export interface LoadRunOptions {
  /** Closed at the end. */
  readonly connections: readonly LoadConnection[];
  readonly work: ObjectWork;
  readonly perSecond: number;
  /** Begins the names of what is created; unique among the runs on one control plane. */
  readonly prefix: string;
  /** Seconds before the fault, and seconds after it; longer while it is being made. */
  readonly beforeS: number;
  readonly afterS: number;
  readonly fault: () => void | Promise<void>;
  /** Names of what is there in the end, asked of the servers themselves. */
  readonly written: () => Promise<ReadonlySet<string>>;
}

/** A write that was not answered with success, or whose success was no truth. */
export interface WriteTruth {
  /** 201, but the object is not there. */
  readonly acknowledgedAndLost: number;
  /** 503 with Retry-After, but the object is there: a client that repeats it would do it twice. */
  readonly deniedAndDone: number;
  /** Failed in any other way, and the object is there. */
  readonly failedAndDone: number;
}

/** Times are milliseconds since the fault. */
export interface LoadRun {
  readonly results: readonly LoadResult[];
  readonly truth: WriteTruth;
}

/** Every fifth request is a write. */
const WRITE_EVERY = 5;

/** A load, and in the midst of it the fault. */
export async function underLoad(options: LoadRunOptions): Promise<LoadRun> {
  const { connections, work, perSecond, prefix, beforeS, afterS, fault, written } = options;
  const load = new OpenLoopLoad({
    connections,
    perSecond,
    task: objectTasks(work, prefix, WRITE_EVERY),
    random: seededRandom(prefix.length),
  });
  await delay(beforeS * 1000);
  const faultAt = performance.now();
  await Promise.all([fault(), delay(afterS * 1000)]);
  const results = await load.stop();
  for (const connection of connections) connection.close();
  const relative = results.map((result) => ({
    ...result,
    dueAt: result.dueAt - faultAt,
    endedAt: result.endedAt - faultAt,
  }));
  return { results: relative, truth: truthOf(results, await written()) };
}

function truthOf(results: readonly LoadResult[], there: ReadonlySet<string>): WriteTruth {
  const writes = results.filter(({ kind }) => kind === 'write');
  const isThere = ({ name = '' }: LoadResult): boolean => there.has(name);
  const count = (condition: (write: LoadResult) => boolean): number => writes.filter(condition).length;
  return {
    acknowledgedAndLost: count((write) => write.outcome === 'right' && !isThere(write)),
    deniedAndDone: count((write) => write.outcome === 'unavailable' && isThere(write)),
    failedAndDone: count((write) => write.outcome !== 'right' && write.outcome !== 'unavailable' && isThere(write)),
  };
}
