import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../src/wire/free-port.ts';
import type { Context } from '../context.ts';
import { h2load } from '../load/h2load.ts';
import { BUSY, TITLE } from '../load/titles.ts';
import { summariseProfile } from '../profile-summary.ts';
import type { Result } from '../results.ts';
import { MvproxyProcess } from '../rivals/mvproxy.ts';
import { SMALL } from '../stages/fixed-answers.ts';

const REQUESTS = 100_000;
const WARM_UP = 20_000;

/** Where the proxy's time goes under small requests. */
export async function measureProfile(context: Context): Promise<readonly Result[]> {
  const stage = await context.fast();
  const { directory, pki, backends } = stage;
  const nodeArgs = ['--cpu-prof', '--cpu-prof-name=profiled.cpuprofile', `--cpu-prof-dir=${directory}`];
  const options = {
    context: stage.processContext('proxy-profiled'),
    directory,
    pki,
    backends,
    nodeArgs,
    flags: { 'shutdown-delay-duration': '0s' },
    ...(context.available.engines ? { engine: 'own' as const } : {}),
  };
  await using proxy = new MvproxyProcess('own', options, await freePort());
  await proxy.start();
  const shape = { ...BUSY, requests: context.scaled(REQUESTS) };
  const headers = [`authorization: Bearer ${'performance'.repeat(80)}`];
  const title = TITLE.small(BUSY);
  const load = { title, path: SMALL, headers, ...shape };
  const { url } = proxy.asRival;
  await h2load(url, { ...load, requests: context.scaled(WARM_UP) }, directory);
  const from = clockUs();
  await h2load(url, load, directory);
  const to = clockUs();
  // Node writes the profile when it exits by itself.
  await proxy.stop('SIGTERM');
  const file = (await readdir(directory)).find((name) => name.endsWith('.cpuprofile')) ?? '';
  const summary = summariseProfile(JSON.parse(await readFile(join(directory, file), 'utf8')), from, to);
  context.report(JSON.stringify(summary.groups));
  return [{ kind: 'profile', load: title, summary }];
}

/** The clock of profiles. */
function clockUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
