import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportToStandardError as report } from '../../src/lab/control-plane/reporter.ts';
import { seededRandom } from '../../src/lab/rehearsal/random.ts';
import { OpenLoopLoad } from '../../test/real/support/open-loop-load.ts';
import { circumstances } from '../convergence/report.ts';
import { adminConnections } from '../faults/access.ts';
import { BatchAudit } from './batch-audit.ts';
import { FaultMaker } from './chaos-fault.ts';
import { ChaosPlane } from './chaos-plane.ts';
import { chaosTasks, WORKS } from './chaos-work.ts';
import type { ProxySample } from './proxy-probe.ts';
import { reportPage } from './report.ts';

const HELP = `Makes faults at random under load, judges every answer, and writes docs/chaos.md.

Usage: npm run bench:chaos -- [flags]

  --minutes N     how long faults are made (default 30)
  --seed N        which faults, and when (default 1)
  --rate N        requests a second (default 60)
  --output FILE   where the report goes (default docs/chaos.md)
  --help          this text

Ends with exit code 1 when an answer was neither right nor 503 with Retry-After. Takes five minutes more than the faults.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '60' },
    output: { type: 'string', default: fileURLToPath(new URL('../../docs/chaos.md', import.meta.url)) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const SAMPLE_MS = 10_000;
const BATCH_S = 30;
/** Of the load, before the first fault and after the last. */
const QUIET_S = 20;
/** Without clients, and longer than idle connections are kept: what is still held then is held for ever. */
const REST_S = 100;
const PATIENCE_MS = 30_000;

if (values.help) process.stdout.write(HELP);
else await run();

async function run(): Promise<void> {
  const before = circumstances();
  const perSecond = Number(values.rate);
  const seed = Number(values.seed);
  const random = seededRandom(seed);
  await using plane = await ChaosPlane.start(WORKS, random);
  report('the control plane is ready');
  await warmUp(plane, perSecond);
  const restBefore = await atRest(plane);

  const batchSize = perSecond * BATCH_S;
  const audit = new BatchAudit(plane, batchSize);
  const connections = adminConnections(plane.controlPlane, plane.proxy.url, PATIENCE_MS);
  const load = new OpenLoopLoad({
    connections,
    perSecond,
    task: chaosTasks(batchSize),
    random: seededRandom(seed + 1),
  });
  const { startedAt } = load;
  const samples: ProxySample[] = [];
  const stopping = new AbortController();
  const sampling = every(SAMPLE_MS, stopping.signal, async () => {
    samples.push(await plane.probe.sample((performance.now() - startedAt) / 1000));
  });
  let audited = 0;
  const auditing = every(BATCH_S * 1000, stopping.signal, async () => {
    // Two batches later all of its requests have ended.
    const ended = Math.floor((performance.now() - startedAt) / 1000 / BATCH_S) - 2;
    for (; audited <= ended; audited++) await audit.check(audited, load.results);
  });
  await delay(QUIET_S * 1000);
  const faults = await FaultMaker.create(plane, random);
  await faults.run(performance.now() + Number(values.minutes) * 60_000, (line) => {
    report(`${((performance.now() - startedAt) / 60_000).toFixed(1)} min: ${line}`);
  });
  await delay(QUIET_S * 1000);
  stopping.abort();
  const results = await load.stop();
  for (const connection of connections) connection.close();
  await Promise.all([sampling, auditing]);
  const batches = Math.ceil(results.length / batchSize);
  for (; audited < batches; audited++) await audit.check(audited, results);
  const informers = audit.counts;
  await audit.close();
  const restAfter = await atRest(plane);

  const chaos = {
    seed,
    perSecond,
    startedAt,
    results,
    faults: faults.made,
    audit: audit.findings,
    informers,
    samples,
    restBefore,
    restAfter,
  };
  const { text, violations } = reportPage(before, chaos);
  await writeFile(values.output, text);
  process.stdout.write(`wrote ${values.output}: ${violations} violations\n`);
  if (violations > 0) process.exitCode = 1;
}

/** Everything that is made once and kept, such as connections and compiled code. */
async function warmUp(plane: ChaosPlane, perSecond: number): Promise<void> {
  const connections = adminConnections(plane.controlPlane, plane.proxy.url, PATIENCE_MS);
  const task = chaosTasks(Number.MAX_SAFE_INTEGER);
  const load = new OpenLoopLoad({
    connections,
    perSecond,
    // Reads only: what is created belongs to a batch.
    task: (index) => {
      const made = task(index);
      return made.kind === 'read' ? made : task(2);
    },
    random: seededRandom(0),
  });
  await delay(QUIET_S * 1000);
  await load.stop();
  for (const connection of connections) connection.close();
}

async function atRest(plane: ChaosPlane): Promise<ProxySample> {
  await delay(REST_S * 1000);
  return plane.probe.sample(0);
}

/** Calls `act` again and again, the pause in between, until the signal. */
async function every(pauseMs: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await act();
    await delay(pauseMs, undefined, { signal }).catch(() => {});
  }
}
