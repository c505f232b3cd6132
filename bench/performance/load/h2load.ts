import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { quantile } from './quantile.ts';
import type { Burst, RequestLoad } from './request-load.ts';

/** In seconds. */
const UNITS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1 };

/** Sends a load over HTTP/2 with nghttp2's h2load; `directory` takes its log. The cipher is what Go's servers choose. */
export async function h2load(url: string, load: RequestLoad, directory: string): Promise<Burst> {
  const { path, headers, connections, streams, requests, bodyFile } = load;
  const log = `${directory}/h2load-${process.hrtime.bigint()}.log`;
  const args = [
    `-n${requests}`,
    `-c${connections}`,
    `-m${streams}`,
    '-t1',
    '--tls13-ciphers=TLS_AES_128_GCM_SHA256',
    `--log-file=${log}`,
    ...headers.map((header) => `-H${header}`),
    ...(bodyFile === undefined ? [] : [`-d${bodyFile}`]),
    `${url}${path}`,
  ];
  const { stdout } = await promisify(execFile)('h2load', args, { maxBuffer: 2 ** 24 });
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
  const rows = lines.map((line) => line.split('\t').map(Number));
  const expected = load.status ?? 200;
  const right = rows.filter(([, status]) => status === expected);
  const times = right.map(([, , us = 0]) => us / 1_000);
  return {
    requests: right.length,
    failed: requests - right.length,
    seconds: secondsOf(stdout),
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  };
}

function secondsOf(output: string): number {
  const [, value, unit = ''] = /^finished in ([\d.]+)(us|ms|s),/m.exec(output) ?? [];
  return Number(value) * (UNITS[unit] ?? Number.NaN);
}
