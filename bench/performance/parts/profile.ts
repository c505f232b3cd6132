import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../src/wire/free-port.ts';
import type { Context } from '../context.ts';
import { h2load } from '../load/h2load.ts';
import type { RequestLoad } from '../load/request-load.ts';
import { BUSY, LISTING, TITLE } from '../load/titles.ts';
import { summariseProfile } from '../profile-summary.ts';
import type { ProfileResult, Result } from '../results.ts';
import { MvproxyProcess } from '../rivals/mvproxy.ts';
import { SMALL } from '../stages/fixed-answers.ts';
import { JOB } from '../stages/real-stage.ts';
import type { Stage } from '../stages/stage.ts';
import { authorization } from './forwarded.ts';

const WARM_UP = 20_000;
/** Of lists, which cost as much as twenty small answers. */
const WARM_UP_LISTS = 1_000;
const FIXED_TOKEN = `authorization: Bearer ${'performance'.repeat(80)}`;

/** Where the proxy's time goes: by itself, with a real server behind, and with long answers of one. */
export async function measureProfile(context: Context): Promise<readonly Result[]> {
  const fast = await context.fast();
  const small = { title: TITLE.small(BUSY), path: SMALL, headers: [FIXED_TOKEN], ...BUSY, requests: 100_000 };
  const real = await context.real();
  const headers = [await authorization(real)];
  const job = { title: TITLE.forwarded(BUSY), path: JOB, headers, ...BUSY, requests: 20_000 };
  const namespace = 'list-100';
  await real.makeConfigMaps(namespace, 100);
  const path = `/api/v1/namespaces/${namespace}/configmaps?resourceVersion=0`;
  const list = { title: TITLE.list(100, LISTING), path, headers, ...LISTING, requests: 5_000 };
  return [
    await profileOf(context, fast, small, WARM_UP),
    await profileOf(context, real, job, WARM_UP),
    await profileOf(context, real, list, WARM_UP_LISTS),
  ];
}

async function profileOf(context: Context, stage: Stage, load: RequestLoad, warmUp: number): Promise<ProfileResult> {
  const { directory, pki, backends } = stage;
  const port = await freePort();
  const nodeArgs = ['--cpu-prof', `--cpu-prof-name=${port}.cpuprofile`, `--cpu-prof-dir=${directory}`];
  const options = {
    context: stage.processContext(`proxy-profiled-${port}`),
    directory,
    pki,
    backends,
    nodeArgs,
    flags: { 'shutdown-delay-duration': '0s' },
    ...(context.available.engines ? { engine: 'own' as const } : {}),
  };
  await using proxy = new MvproxyProcess('own', options, port);
  await proxy.start();
  const { url } = proxy.asRival;
  await h2load(url, { ...load, requests: context.scaled(warmUp) }, directory);
  const from = clockUs();
  await h2load(url, { ...load, requests: context.scaled(load.requests) }, directory);
  const to = clockUs();
  // Node writes the profile when it exits by itself.
  await proxy.stop('SIGTERM');
  const file = (await readdir(directory)).find((name) => name === `${port}.cpuprofile`);
  if (file === undefined) throw new Error(`no profile was written, see ${proxy.logFile}`);
  const summary = summariseProfile(JSON.parse(await readFile(join(directory, file), 'utf8')), from, to);
  const groups = summary.groups.map(({ group, share }) => `${group} ${Math.round(share * 100)} %`);
  context.report(`profile of ${load.title}: ${groups.join(', ')}`);
  return { kind: 'profile', load: load.title, summary };
}

/** The clock of profiles. */
function clockUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
