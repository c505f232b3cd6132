import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Burst, RequestLoad } from './request-load.ts';

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

/** Sends a load over HTTP/1.1 with wrk for so many seconds; it knows no number of requests. */
export async function wrk(url: string, load: RequestLoad, seconds: number): Promise<Burst> {
  const { path, headers, connections } = load;
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    ...headers.flatMap((header) => ['-H', header]),
    `${url}${path}`,
  ];
  const { stdout } = await promisify(execFile)('wrk', args);
  const [, requests, ran, unit = 's'] = /(\d+) requests in ([\d.]+)(\w+),/.exec(stdout) ?? [];
  const wrong = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0);
  const broken = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1) ?? [];
  return {
    requests: Number(requests) - wrong,
    failed: wrong + broken.reduce((sum, count) => sum + Number(count), 0),
    seconds: (Number(ran) * (UNITS[unit] ?? Number.NaN)) / 1_000,
    p50Ms: latency(stdout, '50%'),
    p99Ms: latency(stdout, '99%'),
  };
}

function latency(output: string, quantile: string): number {
  const [, value, unit = ''] = new RegExp(`^\\s+${quantile}\\s+([\\d.]+)(us|ms|s|m)$`, 'm').exec(output) ?? [];
  return Number(value) * (UNITS[unit] ?? Number.NaN);
}
