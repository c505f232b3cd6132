/** How often it is looked whether this process has its turns. */
const LOOK_MS = 20;
/** So long without a turn is a rest. A request through a balancer of ours takes about ten turns, so that some of them add up to a second. */
const REST_MS = 100;
/** For so long what was to come may come too late. */
const MEMORY_MS = 3_000;

let lookedAt = performance.now();
let restedAt = Number.NEGATIVE_INFINITY;

// Timers come before what has arrived, so that a rest is known to whatever it makes fail.
setInterval(() => {
  const now = performance.now();
  if (now - lookedAt > REST_MS) restedAt = now;
  lookedAt = now;
}, LOOK_MS).unref();

/** Whether this process was held up a moment ago, as on a machine that has much else to do. */
export function hasRested(): boolean {
  return performance.now() - restedAt < MEMORY_MS;
}
