import { setImmediate as nextTurn } from 'node:timers/promises';

/** So many milliseconds of work for the control path may hold requests up at a time. */
const TURN_MS = 2;

/** Takes the steps with a turn for requests in between. */
export async function inTurns<T>(steps: Generator<unknown, T>): Promise<T> {
  let turnEnd = performance.now() + TURN_MS;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < turnEnd) continue;
    await nextTurn();
    turnEnd = performance.now() + TURN_MS;
  }
}
