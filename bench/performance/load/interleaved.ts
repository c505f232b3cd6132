import type { ProcessName, RequestResult, RequestRound } from '../results.ts';
import { processorMs } from '../rivals/process-usage.ts';
import type { Rival } from '../rivals/rival.ts';
import type { AtRest } from './at-rest.ts';
import type { RequestLoad, Sender } from './request-load.ts';

export interface InterleavedOptions {
  readonly rivals: readonly Rival[];
  /** The processes behind the rivals. */
  readonly behind: Readonly<Partial<Record<ProcessName, number>>>;
  readonly rounds: number;
  /** Is subtracted: it depends on how long a round takes, and so on whatever else the machine does. */
  readonly rest: AtRest;
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
      const burst = await oneRound(rival, load, options);
      report(`${load.title}, ${rival.name}: ${describe(burst)}`);
      measured.get(rival)?.push(burst);
    }
  }
  return [...measured].map(([{ name }, all]) => ({ kind: 'requests', load: load.title, rival: name, rounds: all }));
}

async function oneRound(
  rival: Rival,
  load: RequestLoad,
  { behind, rest, send }: InterleavedOptions,
): Promise<RequestRound> {
  const pids = Object.entries({ ...behind, ...(rival.pid === undefined ? {} : { proxy: rival.pid }) });
  const before = pids.map(([, pid]) => processorMs(pid));
  const began = performance.now();
  const burst = await send(rival.url, load);
  const seconds = (performance.now() - began) / 1_000;
  const cpuMs = Object.fromEntries(
    pids.map(([name, pid], i) => [
      name,
      Math.max(0, processorMs(pid) - (before[i] ?? 0) - (rest.get(pid) ?? 0) * seconds),
    ]),
  );
  return { ...burst, cpuMs };
}

function describe({ requests, failed, seconds, cpuMs, p50Ms, p99Ms }: RequestRound): string {
  const cpu = Object.entries(cpuMs).map(([name, ms]) => `${name} ${Math.round((ms / requests) * 1_000)}`);
  const wrong = failed === 0 ? '' : `, ${failed} FAILED`;
  return `${Math.round(requests / seconds)}/s, µs of CPU: ${cpu.join(', ')}; p50 ${p50Ms.toFixed(2)} p99 ${p99Ms.toFixed(2)} ms${wrong}`;
}
