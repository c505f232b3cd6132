import { setTimeout as delay } from 'node:timers/promises';
import { processorMs } from '../rivals/process-usage.ts';

/** Process id → milliseconds of processor time per second while nobody asks for anything. */
export type AtRest = ReadonlyMap<number, number>;

/** Watches processes for so long. */
export async function atRest(pids: readonly number[], seconds: number): Promise<AtRest> {
  const before = pids.map(processorMs);
  await delay(seconds * 1_000);
  return new Map(pids.map((pid, i) => [pid, (processorMs(pid) - (before[i] ?? 0)) / seconds]));
}
