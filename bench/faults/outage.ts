import { setTimeout as delay } from 'node:timers/promises';
import { failureTable, truthTable, windowTable } from './run-tables.ts';
import { atMost, noneOf, remark, type Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';
import { failures, summarise } from './summary.ts';

const DOWN_MS = 10_000;
const BEFORE_S = 5;
const AFTER_S = 10;
/** A server that is back is found by a health check, and its discovery is read before it serves. */
const NOTICED_MS = 2_000;
const NOTHING = '–';

/** All servers die at once, and are started again. Native dies with them: there is nothing to compare. */
export async function measureOutage(stage: Stage, perSecond: number): Promise<Scenario> {
  await stage.calm('mvproxy');
  const { servers } = stage.controlPlane;
  let readyAfter = 0;
  const run = await stage.underLoad('mvproxy', {
    perSecond,
    prefix: 'outage-',
    beforeS: BEFORE_S,
    afterS: 0,
    fault: async () => {
      const from = performance.now();
      await Promise.all(servers.map((server) => server.kill()));
      await delay(DOWN_MS);
      const capable = servers.filter(({ name }) => name !== 'lacking').map((server) => server.start());
      const all = Promise.all([...capable, stage.server('lacking').start()]);
      await Promise.race(capable);
      readyAfter = performance.now() - from;
      await all;
      await delay(AFTER_S * 1000);
    },
  });
  const runs = [summarise('mvproxy', run)];
  const refused = failures(runs, 'read', 'unavailable') + failures(runs, 'write', 'unavailable');
  const inDoubt = failures(runs, 'write', 'in doubt');
  const others = failures(runs, 'read') + failures(runs, 'write') - refused - inDoubt;
  const late = (runs[0]?.lastFailed ?? readyAfter) - readyAfter;
  return {
    title: 'All servers die at once and come back',
    method: `${perSecond} requests a second. All three processes are killed, and started again ${DOWN_MS / 1000} s later.`,
    figures: [
      noneOf('answers but the right one, 503 with Retry-After, or a write that was on its way', others, NOTHING),
      remark('503 with Retry-After', String(refused), NOTHING),
      atMost('a capable server is ready → last request sent that failed', NOTICED_MS, Math.max(0, late), NOTHING),
    ],
    tables: [windowTable(runs), failureTable(runs), truthTable(runs)],
    runs,
  };
}
