import type { ProcessName, RequestResult, RequestRound } from '../results.ts';
import { processorMs } from '../rivals/process-usage.ts';
import type { Rival } from '../rivals/rival.ts';
import type { RequestLoad, Sender } from './request-load.ts';

export interface InterleavedOptions {
  readonly rivals: readonly Rival[];
  /** The processes behind the rivals. */
  readonly behind: Readonly<Partial<Record<ProcessName, number>>>;
  readonly rounds: number;
  readonly send: Sender;
  readonly report: (line: string) => void;
}

/** One load through all rivals in turn, round after round, each round beginning with another one. */
export async function interleaved(load: RequestLoad, options: InterleavedOptions): Promise<readonly RequestResult[]> {
  const { rivals, rounds, report } = options;
  const measured = new Map<Rival, RequestRound[]>(rivals.map((rival) => [rival, []]));
  for (let round = 0; round < rounds; round++) {
    const first = round % rivals.length;
    for (const rival of [...rivals.slice(first), ...rivals.slice(0, first)]) {
      const burst = await measured1(rival, load, options);
      report(`${load.title}, ${rival.name}: ${describe(burst)}`);
      measured.get(rival)?.push(burst);
    }
  }
  return [...measured].map(([{ name }, all]) => ({ kind: 'requests', load: load.title, rival: name, rounds: all }));
}

async function measured1(rival: Rival, load: RequestLoad, { behind, send }: InterleavedOptions): Promise<RequestRound> {
  const pids = Object.entries({ ...behind, ...(rival.pid === undefined ? {} : { proxy: rival.pid }) });
  const before = pids.map(([, pid]) => processorMs(pid));
  const burst = await send(rival.url, load);
  const cpuMs = Object.fromEntries(pids.map(([name, pid], i) => [name, processorMs(pid) - (before[i] ?? 0)]));
  return { ...burst, cpuMs };
}

function describe({ requests, failed, seconds, cpuMs, p50Ms, p99Ms }: RequestRound): string {
  const cpu = Object.entries(cpuMs).map(([name, ms]) => `${name} ${Math.round((ms / requests) * 1_000)}`);
  const wrong = failed === 0 ? '' : `, ${failed} FAILED`;
  return `${Math.round(requests / seconds)}/s, µs of CPU: ${cpu.join(', ')}; p50 ${p50Ms.toFixed(2)} p99 ${p99Ms.toFixed(2)} ms${wrong}`;
}
