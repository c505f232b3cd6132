import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { median } from '../load/quantile.ts';
import { Watchers } from '../load/watchers.ts';
import type { GrowthStep, Result } from '../results.ts';
import { Fleet } from '../rivals/fleet.ts';
import { processorMs, residentBytes } from '../rivals/process-usage.ts';
import { WatchedObject } from './watched-object.ts';
import { warmUp } from './watches.ts';

const STEPS = [1, 10, 100, 1_000, 10_000, 30_000, 100_000];
const EVENTS = 3;
/** kube-apiserver takes about this for a watch; the rest of the machine is to keep some memory. */
const SERVER_BYTES_PER_WATCH = 40 * 1_024;
const SPARE_BYTES = 3 * 2 ** 30;

/** More and more watches over HTTP/2 through one proxy in front of a real server, until something gives. */
export async function measureGrowth(context: Context): Promise<readonly Result[]> {
  const stage = await context.real();
  await using fleet = await Fleet.start(stage, ['own'], context.available);
  const [rival] = fleet.rivals;
  if (rival?.pid === undefined) throw new Error('the proxy did not start');
  const { pid } = rival;
  const object = await WatchedObject.make(stage);
  const common = { url: rival.url, ca: stage.pki.servingCa.cert, token: await stage.token(), protocol: 'h2' as const };
  await warmUp(context, stage, rival, { ...common, path: await object.watchPath() }, object);
  const before = residentBytes(pid);
  const watchers = new Watchers({ ...common, path: await object.watchPath() });
  const steps: GrowthStep[] = [];
  let stopped = '';
  let delivered = 0;
  try {
    for (const watches of STEPS.filter((step) => step <= context.scaled(100_000))) {
      stopped = roomFor(watches - watchers.opened);
      if (stopped !== '') break;
      await watchers.open(watches);
      await delay(1_500);
      const idle = processorMs(pid);
      const lastMs: number[] = [];
      for (let event = 0; event < EVENTS; event++) {
        const wrote = await object.change();
        delivered += watchers.opened - watchers.failed;
        lastMs.push((await watchers.receivedAll(delivered)) - wrote);
      }
      const step = {
        watches,
        bytes: residentBytes(pid) - before,
        lastMs: median(lastMs),
        cpuMsPerEvent: (processorMs(pid) - idle) / EVENTS,
      };
      context.report(`${watches} watches: ${JSON.stringify(step)}, ${watchers.failed} failed`);
      steps.push(step);
      if (watchers.failed > 0) {
        stopped = `${watchers.failed} watches ended or were refused`;
        break;
      }
    }
  } catch (error) {
    stopped = error instanceof Error ? error.message : String(error);
  } finally {
    watchers.close();
    await delay(3_000);
  }
  return [{ kind: 'growth', steps, stopped }];
}

/** Why so many more watches should not be tried; empty when they may. */
function roomFor(more: number): string {
  const free = Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1_024;
  if (free - more * SERVER_BYTES_PER_WATCH > SPARE_BYTES) return '';
  return `the machine has ${Math.round(free / 2 ** 20)} MiB left`;
}
