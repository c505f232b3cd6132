import type { Context } from '../context.ts';
import type { RequestLoad } from '../load/request-load.ts';
import type { Result } from '../results.ts';
import { LARGE, SMALL } from '../stages/fixed-answers.ts';
import { passers } from './preferred.ts';

/** As long as the tokens of ServiceAccounts are. */
const TOKEN = `authorization: Bearer ${'performance'.repeat(80)}`;

const SMALL_SHAPES = [
  { connections: 4, streams: 10, requests: 40_000 },
  { connections: 8, streams: 1, requests: 20_000 },
  { connections: 1, streams: 1, requests: 6_000 },
  { connections: 100, streams: 1, requests: 40_000 },
] as const;
const LARGE_SHAPES = [
  { connections: 4, streams: 10, requests: 8_000 },
  { connections: 1, streams: 1, requests: 3_000 },
] as const;

/** 600 bytes from a server that costs next to nothing: what a proxy costs by itself. */
export function measureFast(context: Context): Promise<readonly Result[]> {
  return measure(context, SMALL, '600 B', SMALL_SHAPES);
}

/** 64 KiB from such a server. */
export function measureBodies(context: Context): Promise<readonly Result[]> {
  return measure(context, LARGE, '64 KiB', LARGE_SHAPES);
}

async function measure(
  context: Context,
  path: string,
  size: string,
  shapes: readonly Pick<RequestLoad, 'connections' | 'streams' | 'requests'>[],
): Promise<readonly Result[]> {
  const loads = shapes.map(
    (shape): RequestLoad => ({
      title: `${size}, fast server, c=${shape.connections} m=${shape.streams}`,
      path,
      headers: [TOKEN],
      ...shape,
    }),
  );
  return context.requests(passers(await context.fastField()), loads);
}
