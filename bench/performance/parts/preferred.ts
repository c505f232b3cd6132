import type { Context, Field } from '../context.ts';
import type { RequestLoad } from '../load/request-load.ts';
import { BUSY, LISTING, LISTING_ALL, TITLE } from '../load/titles.ts';
import type { Result } from '../results.ts';
import { CONFIG_MAP } from '../stages/real-stage.ts';
import { authorization, SHAPES } from './forwarded.ts';

const LISTS = [
  { objects: 100, ...LISTING, requests: 2_000 },
  { objects: 5_000, ...LISTING_ALL, requests: 60 },
] as const;

/** The rivals for what the preferred server serves: it itself and the proxies. */
export function passers({ stage, rivals }: Field): Field {
  return { stage, rivals: [{ name: 'direct', url: stage.backends.preferred, pid: undefined }, ...rivals] };
}

/** A ConfigMap that the preferred server has in its cache. */
export async function measurePreferred(context: Context): Promise<readonly Result[]> {
  const headers = [await authorization(await context.real())];
  const loads = SHAPES.map(
    (shape): RequestLoad => ({
      title: TITLE.preferred(shape),
      path: CONFIG_MAP,
      headers,
      ...shape,
    }),
  );
  return context.requests(passers(await context.realField()), loads);
}

/** Lists that the preferred server has in its cache. */
export async function measureLists(context: Context): Promise<readonly Result[]> {
  const stage = await context.real();
  const headers = [await authorization(stage)];
  const loads: RequestLoad[] = [];
  for (const { objects, ...shape } of LISTS) {
    const namespace = `list-${objects}`;
    context.report(`making ${objects} objects`);
    await stage.makeConfigMaps(namespace, objects);
    loads.push({
      title: TITLE.list(objects, shape),
      path: `/api/v1/namespaces/${namespace}/configmaps?resourceVersion=0`,
      headers,
      ...shape,
    });
  }
  const warmUp: RequestLoad = { title: '', path: CONFIG_MAP, headers, ...BUSY, requests: 0 };
  return context.requests(passers(await context.realField()), loads, { warmUp });
}
