import { REFRESH_PATIENCE_MS } from '../../../src/servers/refresh-schedule.ts';

/**
 * The outcome of the first attempt that took less than answers wait for what is read of servers. A busy machine may need
 * longer, and then an answer rightly tells what was known before.
 */
export async function promptly<T>(attempt: (round: number) => Promise<T>): Promise<T> {
  for (let round = 0; ; round++) {
    const begunAt = performance.now();
    const outcome = await attempt(round);
    if (performance.now() - begunAt < REFRESH_PATIENCE_MS) return outcome;
  }
}
