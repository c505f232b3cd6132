import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
/** Only a failure waits as long: what takes a second here takes half a minute where other builds run. */
const TIMEOUT_MS = 90_000;

/** Calls `probe` until it resolves true; rejects after one and a half minutes. */
export async function eventually(what: string, probe: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Error(`not within ${TIMEOUT_MS} ms: ${what}`);
    await delay(POLL_MS);
  }
}
