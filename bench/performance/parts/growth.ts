import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../src/wire/free-port.ts';
import type { Context } from '../context.ts';
import { median } from '../load/quantile.ts';
import { Watchers } from '../load/watchers.ts';
import type { GrowthStep, Result } from '../results.ts';
import { MvproxyProcess } from '../rivals/mvproxy.ts';
import { processorMs, residentBytes } from '../rivals/process-usage.ts';
import { pidOf } from '../stages/stage.ts';
import { WatchedObject } from './watched-object.ts';
import { warmUp } from './watches.ts';

const STEPS = [1, 10, 100, 1_000, 10_000, 25_000, 50_000, 100_000];
/** As many as 100,000 watches need, at 100 each; the default is 256. */
const CONFIGURATION = `apiVersion: config.mixed-version-proxy.io/v1alpha1
kind: MixedVersionProxyConfiguration
limits:
  upstreamConnectionsPerServer: 1100
`;
const EVENTS = 3;
/** kube-apiserver takes about this for a watch; the rest of the machine is to keep some memory. */
const SERVER_BYTES_PER_WATCH = 40 * 1_024;
const SPARE_BYTES = 3 * 2 ** 30;

/** More and more watches over HTTP/2 through one proxy in front of a real server, until something gives. */
export async function measureGrowth(context: Context): Promise<readonly Result[]> {
  const stage = await context.real();
  const { directory, pki, backends } = stage;
  const config = join(directory, 'growth.yaml');
  await writeFile(config, CONFIGURATION);
  await using proxy = new MvproxyProcess(
    'own',
    {
      context: stage.processContext('proxy-growth'),
      directory,
      pki,
      backends,
      flags: { config },
      ...(context.available.engines ? { engine: 'own' as const } : {}),
    },
    await freePort(),
  );
  await proxy.start();
  const rival = proxy.asRival;
  const pid = pidOf(proxy);
  const object = await WatchedObject.make(stage);
  const common = { url: rival.url, ca: stage.pki.servingCa.cert, token: await stage.token(), protocol: 'h2' as const };
  await warmUp(context, stage, rival, { ...common, path: await object.watchPath() }, object);
  const before = residentBytes(pid);
  // Those of one step begin after the events of the step before, and share nothing with them.
  const open: Watchers[] = [];
  const steps: GrowthStep[] = [];
  let stopped = '';
  try {
    for (const watches of STEPS.filter((step) => step <= context.scaled(100_000))) {
      const more = watches - (steps.at(-1)?.watches ?? 0);
      stopped = roomFor(more);
      if (stopped !== '') break;
      const watchers = new Watchers({ ...common, path: await object.watchPath() });
      open.push(watchers);
      await watchers.open(more);
      await delay(1_500);
      const idle = processorMs(pid);
      const lastMs: number[] = [];
      for (let event = 0; event < EVENTS; event++) lastMs.push(await deliverToAll(object, open));
      const cpuMsPerEvent = (processorMs(pid) - idle) / EVENTS;
      const step = { watches, bytes: residentBytes(pid) - before, lastMs: median(lastMs), cpuMsPerEvent };
      const failed = open.filter((each) => each.failed > 0);
      context.report(
        `${watches} watches: ${JSON.stringify(step)} ${failed.map(({ failures }) => failures).join('; ')}`,
      );
      if (failed.length > 0) {
        stopped = `of ${watches.toLocaleString('en')} watches, ${failed.map(({ failures }) => failures).join('; ')}`;
        break;
      }
      steps.push(step);
    }
  } catch (error) {
    stopped = error instanceof Error ? error.message : String(error);
  } finally {
    for (const watchers of open) watchers.close();
    await delay(3_000);
  }
  return [{ kind: 'growth', steps, stopped }];
}

/** Milliseconds from a write to its last delivery to any of them. */
async function deliverToAll(object: WatchedObject, all: readonly Watchers[]): Promise<number> {
  const expected = all.map((watchers) => watchers.delivered + watchers.opened - watchers.failed);
  const wrote = await object.change();
  const last = await Promise.all(all.map((watchers, i) => watchers.receivedAll(expected[i] ?? 0)));
  return Math.max(...last) - wrote;
}

/** Why so many more watches should not be tried; empty when they may. */
function roomFor(more: number): string {
  const free = Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1_024;
  if (free - more * SERVER_BYTES_PER_WATCH > SPARE_BYTES) return '';
  return `the machine has ${Math.round(free / 2 ** 20)} MiB left`;
}
