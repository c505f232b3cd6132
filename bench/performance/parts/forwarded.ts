import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JOB_WORK } from '../../../test/real/support/object-work.ts';
import type { Context, Field } from '../context.ts';
import type { RequestLoad } from '../load/request-load.ts';
import { ALONE, BUSY, SINGLES, TITLE } from '../load/titles.ts';
import type { Result } from '../results.ts';
import { JOB, type RealStage } from '../stages/real-stage.ts';

export const SHAPES = [
  { ...BUSY, requests: 5_000 },
  { ...SINGLES, requests: 3_000 },
  { ...ALONE, requests: 1_500 },
] as const;

export async function authorization(stage: RealStage): Promise<string> {
  return `authorization: Bearer ${await stage.token()}`;
}

/** The rivals for what only the other server serves: it itself, native forwarding by the preferred one, the proxies. */
export function forwarders({ stage, rivals }: Field): Field {
  const { preferred, other } = stage.backends;
  const direct = { name: 'direct' as const, url: other?.url ?? '', pid: undefined };
  const native = { name: 'native' as const, url: preferred, pid: undefined };
  return { stage, rivals: [direct, native, ...rivals] };
}

/** A Job that the preferred server does not serve. */
export async function measureForwarded(context: Context): Promise<readonly Result[]> {
  const headers = [await authorization(await context.real())];
  const loads = SHAPES.map(
    (shape): RequestLoad => ({
      title: TITLE.forwarded(shape),
      path: JOB,
      headers,
      ...shape,
    }),
  );
  return context.requests(forwarders(await context.realField()), loads);
}

/** A Job that is checked and stored nowhere. */
export async function measureWrites(context: Context): Promise<readonly Result[]> {
  const stage = await context.real();
  const bodyFile = join(stage.directory, 'job.json');
  const job = { apiVersion: 'batch/v1', kind: 'Job', ...JOB_WORK.object('written') };
  await writeFile(bodyFile, JSON.stringify(job));
  const load: RequestLoad = {
    title: TITLE.write(BUSY),
    path: `${JOB_WORK.written}?dryRun=All`,
    headers: [await authorization(stage), 'content-type: application/json'],
    bodyFile,
    status: 201,
    ...BUSY,
    requests: 3_000,
  };
  const warmUp: RequestLoad = { title: '', path: JOB, headers: [await authorization(stage)], ...BUSY, requests: 0 };
  return context.requests(forwarders(await context.realField()), [load], { warmUp });
}
