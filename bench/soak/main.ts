import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportToStandardError as report } from '../../src/lab/control-plane/reporter.ts';
import { seededRandom } from '../../src/lab/rehearsal/random.ts';
import { circumstances } from '../convergence/report.ts';
import { processorMs } from '../performance/rivals/process-usage.ts';
import { auditCreations } from './creations-audit.ts';
import { FaultMaker } from './fault-maker.ts';
import { Pacer } from './pacer.ts';
import type { GaugeSample } from './proxy-gauge.ts';
import { type QuietPoint, quietPoint, stuckAt } from './quiet-point.ts';
import { reportPage } from './report.ts';
import { SoakStage } from './soak-stage.ts';
import { Verdicts } from './verdicts.ts';

const HELP = `Keeps the proxy busy for a long time, makes faults, checks every answer, and writes docs/soak.md.

Usage: npm run bench:soak -- [flags]

  --minutes N     how long there is load (default 120)
  --engine NAME   HTTP/2 of the proxy: own (default) or node
  --share N       processor time of the proxy that is aimed at, in per cent of one core (default 70)
  --watches N     open at a time (default 300)
  --seed N        which faults, and when (default 1)
  --rest N        seconds without clients at the end (default 100, longer than idle connections are kept)
  --output FILE   where the report goes (default docs/soak.md)
  --log FILE      where the log of the proxy goes
  --help          this text

Ends with exit code 1 when anything was wrong that no fault explains.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    engine: { type: 'string', default: 'own' },
    share: { type: 'string', default: '70' },
    watches: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    rest: { type: 'string', default: '100' },
    output: { type: 'string', default: fileURLToPath(new URL('../../docs/soak.md', import.meta.url)) },
    log: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const SAMPLE_MS = 10_000;
const REPORT_MS = 1_000;
/** Between two quiet points: every few minutes, and several times in a short run. */
const PHASE_MINUTES = { least: 1, most: 6, share: 1 / 4 };
/** Between the last fault and the quiet point. */
const HEALED_MS = 5_000;
/** Everything has a deadline; so has the end of everything. */
const QUIET_TIMEOUT_MS = 120_000;
const STARTED_MS = 3_000;
const PROGRESS_MS = 30_000;

if (values.help) process.stdout.write(HELP);
else await run();

async function run(): Promise<void> {
  const { engine } = values;
  if (engine !== 'own' && engine !== 'node') {
    process.stderr.write(`There is no engine "${engine}". The engines are: own, node.\n`);
    process.exit(2);
  }
  const before = circumstances();
  const minutes = Number(values.minutes);
  await using stage = await SoakStage.start(engine, Number(values.watches), report);
  const { servers, proxy, gauge, probe, load } = stage;
  const { pid } = proxy;
  await delay(STARTED_MS);
  const startedAt = Date.now();
  const seconds = (): number => (Date.now() - startedAt) / 1000;
  const restBefore = await quietPoint(gauge, probe, 0);
  report(`serving at ${proxy.url}, metrics at ${proxy.adminUrl}`);

  const faults = new FaultMaker(servers, seededRandom(Number(values.seed)));
  const verdicts = new Verdicts(faults.made, startedAt, report);
  const pacer = new Pacer(load, pid, Number(values.share) / 100);
  const samples: GaugeSample[] = [];
  const quietPoints: QuietPoint[] = [];
  const stopping = new AbortController();
  const collecting = every(REPORT_MS, stopping.signal, async () => {
    const taken = await load.report();
    pacer.issued = taken.issued / (REPORT_MS / 1000);
    verdicts.add(taken);
  });
  let isLoaded = false;
  const sampling = every(SAMPLE_MS, stopping.signal, async () => {
    const wasLoaded = isLoaded;
    const sample = await gauge.sample(seconds());
    if (wasLoaded && isLoaded) samples.push(sample);
  });
  const progress = setInterval(() => {
    const { processor = 0, residentMiB = 0 } = samples.at(-1) ?? {};
    const share = (processor * 100).toFixed(0);
    report(
      `${(seconds() / 60).toFixed(1)} min: ${pacer.issued} requests/s of ${pacer.rate.toFixed(0)}, ${share} % of a core, ${residentMiB.toFixed(0)} MiB, ${verdicts.violationCount} violations`,
    );
  }, PROGRESS_MS);

  const end = startedAt + minutes * 60_000;
  const phaseMs = 60_000 * Math.min(PHASE_MINUTES.most, Math.max(PHASE_MINUTES.least, minutes * PHASE_MINUTES.share));
  const others = { load: processorMs(load.pid) };
  let loadedMs = 0;
  while (Date.now() < end) {
    const phaseFrom = Date.now();
    load.start();
    pacer.start();
    isLoaded = true;
    await faults.run(Math.min(end, phaseFrom + phaseMs), (line) =>
      report(`${(seconds() / 60).toFixed(1)} min: ${line}`),
    );
    await delay(HEALED_MS);
    pacer.stop();
    isLoaded = false;
    loadedMs += Date.now() - phaseFrom;
    const isQuiet = await Promise.race([load.quiet().then(() => true), delay(QUIET_TIMEOUT_MS, false, { ref: false })]);
    if (!isQuiet) verdicts.violation('the clients could not end what they had begun');
    const point = await quietPoint(gauge, probe, seconds());
    const stuck = stuckAt(point);
    if (stuck !== undefined) verdicts.violation(stuck);
    quietPoints.push(point);
    report(`quiet: ${point.heapMiB.toFixed(1)} MiB of heap, ${point.serverSockets} connections to servers`);
    if (!isQuiet) break;
  }
  const loadProcessor = (processorMs(load.pid) - others.load) / loadedMs;
  clearInterval(progress);
  stopping.abort();
  await Promise.all([collecting, sampling]);
  verdicts.add(await load.report());
  await delay(Number(values.rest) * 1000);
  const restAfter = await quietPoint(gauge, probe, seconds());
  const stuck = stuckAt(restAfter);
  if (stuck !== undefined) verdicts.violation(`at the end ${stuck}`);
  const commitFiles = servers.map(({ options }) => options.commitFile);
  const audit = await auditCreations(commitFiles, verdicts.created, verdicts.refused);
  for (const fault of audit.faults) verdicts.violation(fault);
  const log = await readFile(proxy.logFile, 'utf8');
  for (const line of log.split('\n')) if (/Warning: |"level":(50|60)/.test(line)) verdicts.violation(`log: ${line}`);
  if (values.log !== undefined) await copyFile(proxy.logFile, values.log);

  const { text, violations } = reportPage({
    circumstances: before,
    minutes: loadedMs / 60_000,
    engine,
    seed: Number(values.seed),
    watches: Number(values.watches),
    target: Number(values.share) / 100,
    loadProcessor,
    verdicts,
    faults: faults.made,
    executed: audit.executed,
    samples,
    quietPoints,
    restBefore,
    restAfter,
    restSeconds: Number(values.rest),
  });
  await writeFile(values.output, text);
  process.stdout.write(`wrote ${values.output}: ${violations} violations\n`);
  if (violations > 0) process.exitCode = 1;
}

/** Calls `act` again and again, the pause in between, until the signal. */
async function every(pauseMs: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await act();
    await delay(pauseMs, undefined, { signal }).catch(() => {});
  }
}
