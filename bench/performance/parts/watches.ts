import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { median } from '../load/quantile.ts';
import { Watchers, type WatchersOptions } from '../load/watchers.ts';
import type { Result, WatchResult, WatchRound } from '../results.ts';
import { Fleet } from '../rivals/fleet.ts';
import { processorMs, residentBytes } from '../rivals/process-usage.ts';
import type { Rival, RivalName } from '../rivals/rival.ts';
import { CONFIG_MAP, type RealStage } from '../stages/real-stage.ts';
import { pidOf } from '../stages/stage.ts';
import { WatchedObject } from './watched-object.ts';

const EVENTS = 5;
/** Watches that are opened and closed before any memory is read. */
const WARM_UP_WATCHES = 300;
const SETTLE_MS = 1_500;

/** Many watches over few HTTP/2 connections. nginx and undici need a connection to the server for each of them. */
export function measureWatches(context: Context): Promise<readonly Result[]> {
  return measure(context, 'h2', context.scaled(10_000), ['direct', 'own', 'node', 'haproxy']);
}

/** Watches of HTTP/1.1 clients: a connection for each of them. */
export function measureHttp1Watches(context: Context): Promise<readonly Result[]> {
  return measure(context, 'http/1.1', context.scaled(1_000), ['direct', 'own', 'node', 'nginx', 'haproxy', 'undici']);
}

async function measure(
  context: Context,
  protocol: WatchResult['protocol'],
  watches: number,
  names: readonly RivalName[],
): Promise<readonly Result[]> {
  const stage = await context.real();
  const present = names.filter((name) => !context.available.absent.some(({ rival }) => rival === name));
  const measured = new Map<RivalName, WatchRound[]>(present.map((name) => [name, []]));
  for (let round = 0; round < context.rounds; round++) {
    for (const name of present) {
      const result = await one(context, stage, name, protocol, watches);
      context.report(`${watches} watches, ${protocol}, ${name}: ${describe(result, watches)}`);
      measured.get(name)?.push(result);
    }
  }
  return [...measured].map(([rival, rounds]) => ({ kind: 'watches', protocol, watches, rival, rounds }));
}

/** In front of a fresh process: memory that was used once is not given back. */
async function one(
  context: Context,
  stage: RealStage,
  name: RivalName,
  protocol: WatchResult['protocol'],
  watches: number,
): Promise<WatchRound> {
  await using fleet = await Fleet.start(stage, [name], context.available, { streaming: true });
  const direct: Rival = { name: 'direct', url: stage.backends.preferred, pid: undefined };
  const [rival = direct] = fleet.rivals;
  const pid = rival.pid ?? pidOf(stage.controlPlane.server('preferred'));
  const token = await stage.token();
  const object = await WatchedObject.make(stage);
  const options: WatchersOptions = {
    url: rival.url,
    ca: stage.pki.servingCa.cert,
    token,
    protocol,
    path: await object.watchPath(),
  };
  if (rival.pid !== undefined) await warmUp(context, stage, rival, options, object);
  const before = residentBytes(pid);
  const cpuBefore = processorMs(pid);
  const watchers = new Watchers({ ...options, path: await object.watchPath() });
  try {
    const began = performance.now();
    await watchers.open(watches);
    const openSeconds = (performance.now() - began) / 1_000;
    const openCpuMs = processorMs(pid) - cpuBefore;
    await delay(SETTLE_MS);
    const idleBytes = residentBytes(pid) - before;
    const cpuIdle = processorMs(pid);
    const lastMs: number[] = [];
    for (let event = 1; event <= EVENTS; event++) lastMs.push(await deliver(object, watchers, event));
    await delay(200);
    const eventsCpuMs = processorMs(pid) - cpuIdle;
    await delay(SETTLE_MS);
    const resident = residentBytes(pid);
    return {
      failed: watchers.failed,
      openSeconds,
      openCpuMs,
      idleBytes,
      bytes: resident - before,
      residentBytes: resident,
      lastMs,
      eventsCpuMs,
    };
  } finally {
    watchers.close();
    await delay(SETTLE_MS);
  }
}

/** Milliseconds from a write to its last delivery. */
export async function deliver(object: WatchedObject, watchers: Watchers, event: number): Promise<number> {
  const open = watchers.opened - watchers.failed;
  const wrote = await object.change();
  return (await watchers.receivedAll(open * event)) - wrote;
}

/** Requests first, then a few watches. */
export async function warmUp(
  context: Context,
  stage: RealStage,
  rival: Rival,
  options: WatchersOptions,
  object: WatchedObject,
): Promise<void> {
  const headers = [`authorization: Bearer ${options.token}`];
  await context.warmUp(stage, [rival], {
    title: '',
    path: CONFIG_MAP,
    headers,
    connections: 4,
    streams: 10,
    requests: 0,
  });
  const few = new Watchers(options);
  await few.open(context.scaled(WARM_UP_WATCHES));
  await deliver(object, few, 1);
  few.close();
  await delay(SETTLE_MS);
}

function describe(
  { failed, openSeconds, openCpuMs, idleBytes, bytes, lastMs, eventsCpuMs }: WatchRound,
  watches: number,
): string {
  const each = (total: number): string => (total / watches / 1_024).toFixed(1);
  const us = (ms: number, of: number): string => Math.round((ms / of) * 1_000).toString();
  return (
    `opened in ${openSeconds.toFixed(1)} s (${us(openCpuMs, watches)} µs each), ${each(idleBytes)} KiB each idle, ${each(bytes)} after events, ` +
    `last of an event after ${lastMs.map(Math.round).join(', ')} ms (median ${Math.round(median(lastMs.slice(1)))}), ` +
    `${us(eventsCpuMs, watches * EVENTS)} µs per delivery${failed === 0 ? '' : `, ${failed} FAILED`}`
  );
}
