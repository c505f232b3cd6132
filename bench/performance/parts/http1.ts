import type { Context } from '../context.ts';
import type { RequestLoad, Sender } from '../load/request-load.ts';
import { TITLE } from '../load/titles.ts';
import { wrk } from '../load/wrk.ts';
import type { Result } from '../results.ts';
import { CONFIG_MAP, JOB } from '../stages/real-stage.ts';
import { authorization, forwarders } from './forwarded.ts';
import { passers } from './preferred.ts';

/** wrk knows no number of requests, only seconds. */
const REQUESTS_PER_SECOND = 3_000;

/** Clients that speak HTTP/1.1. */
export async function measureHttp1(context: Context): Promise<readonly Result[]> {
  const headers = [await authorization(await context.real())];
  const of = (title: string, path: string): RequestLoad => ({
    title,
    path,
    headers,
    connections: 10,
    streams: 1,
    requests: 12_000,
  });
  const send: Sender = (url, load) => wrk(url, load, Math.max(1, Math.round(load.requests / REQUESTS_PER_SECOND)));
  const field = await context.realField();
  return [
    ...(await context.requests(forwarders(field), [of(TITLE.http1Forwarded, JOB)], { send, protocol: 'http/1.1' })),
    ...(await context.requests(passers(field), [of(TITLE.http1Preferred, CONFIG_MAP)], { send, protocol: 'http/1.1' })),
  ];
}
