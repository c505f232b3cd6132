import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../src/lab/rehearsal/random.ts';
import { jobsIn, jobWork } from '../../test/real/support/job-work.ts';
import { type LoadResult, OpenLoopLoad } from '../../test/real/support/open-loop-load.ts';
import type { Forwarder, Stage } from './stage.ts';

export interface LoadRunOptions {
  readonly forwarder: Forwarder;
  readonly perSecond: number;
  /** Unique among the runs of a stage: names the Jobs that are made. */
  readonly name: string;
  /** Seconds before the fault, and after it. */
  readonly beforeS: number;
  readonly afterS: number;
  readonly fault: () => void | Promise<void>;
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

/** Puts the load on `forwarder`, and in the midst of it the fault. */
export async function underLoad(stage: Stage, options: LoadRunOptions): Promise<LoadRun> {
  const { forwarder, perSecond, name, beforeS, afterS, fault } = options;
  const connections = stage.connections(stage.url(forwarder));
  const load = new OpenLoopLoad({
    connections,
    perSecond,
    task: jobWork(name, WRITE_EVERY),
    random: seededRandom(name.length),
  });
  await delay(beforeS * 1000);
  const faultAt = performance.now();
  const made = Promise.resolve(fault());
  await Promise.all([made, delay(afterS * 1000)]);
  const results = await load.stop();
  for (const connection of connections) connection.close();
  const relative = results.map((result) => ({
    ...result,
    dueAt: result.dueAt - faultAt,
    endedAt: result.endedAt - faultAt,
  }));
  return { results: relative, truth: await truthOf(stage, name, results) };
}

async function truthOf(stage: Stage, prefix: string, results: readonly LoadResult[]): Promise<WriteTruth> {
  const there = await namesThere(stage, prefix);
  const writes = results.filter(({ kind }) => kind === 'write');
  const isThere = ({ name = '' }: LoadResult): boolean => there.has(name);
  return {
    acknowledgedAndLost: writes.filter((write) => write.outcome === 'right' && !isThere(write)).length,
    deniedAndDone: writes.filter((write) => write.outcome === 'unavailable' && isThere(write)).length,
    failedAndDone: writes.filter(
      (write) => write.outcome !== 'right' && write.outcome !== 'unavailable' && isThere(write),
    ).length,
  };
}

/** Asked of the servers themselves, of any that serves Jobs. */
async function namesThere(stage: Stage, prefix: string): Promise<ReadonlySet<string>> {
  for (const server of stage.controlPlane.servers) {
    if (server.name === 'lacking' || server.state.state !== 'running') continue;
    const client = stage.client(server.url, 'http/1.1');
    const { status, body } = await client.request({ target: jobsIn('default') });
    client.close();
    if (status !== 200) throw new Error(`${server.name} does not list Jobs: ${status} ${body}`);
    const { items }: { items: readonly { metadata: { name: string } }[] } = JSON.parse(body.toString());
    return new Set(items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(`${prefix}-`)));
  }
  throw new Error('no server is there that serves Jobs');
}
