import type { Context } from '../context.ts';
import type { RequestLoad } from '../load/request-load.ts';
import { ALONE, BUSY, MANY, SINGLES, TITLE } from '../load/titles.ts';
import type { Result } from '../results.ts';
import { LARGE, SMALL } from '../stages/fixed-answers.ts';
import { passers } from './preferred.ts';

/** As long as the tokens of ServiceAccounts are. */
const TOKEN = `authorization: Bearer ${'performance'.repeat(80)}`;

const SMALL_SHAPES = [
  { ...BUSY, requests: 40_000 },
  { ...SINGLES, requests: 20_000 },
  { ...ALONE, requests: 6_000 },
  { ...MANY, requests: 40_000 },
] as const;
const LARGE_SHAPES = [
  { ...BUSY, requests: 8_000 },
  { ...ALONE, requests: 3_000 },
] as const;

/** 600 bytes from a server that costs next to nothing: what a proxy costs by itself. */
export function measureFast(context: Context): Promise<readonly Result[]> {
  return measure(context, SMALL, TITLE.small, SMALL_SHAPES);
}

/** 64 KiB from such a server. */
export function measureBodies(context: Context): Promise<readonly Result[]> {
  return measure(context, LARGE, TITLE.large, LARGE_SHAPES);
}

async function measure(
  context: Context,
  path: string,
  title: typeof TITLE.small,
  shapes: readonly Pick<RequestLoad, 'connections' | 'streams' | 'requests'>[],
): Promise<readonly Result[]> {
  const loads = shapes.map(
    (shape): RequestLoad => ({
      title: title(shape),
      path,
      headers: [TOKEN],
      ...shape,
    }),
  );
  return context.requests(passers(await context.fastField()), loads);
}
