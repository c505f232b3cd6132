import { percentile } from '../../src/lab/rehearsal/percentile.ts';
import { code, page, table } from '../../tools/reference/markdown.ts';
import { type Curve, plot, trendOf } from '../chaos/curve.ts';
import type { Circumstances } from '../convergence/report.ts';
import { FAULT_KINDS, type MadeFault } from './fault-maker.ts';
import { KINDS, type Outcome } from './load/tally.ts';
import type { GaugeSample } from './proxy-gauge.ts';
import type { QuietPoint } from './quiet-point.ts';
import { SERVERS } from './soak-stage.ts';
import type { Verdicts } from './verdicts.ts';

/** Everything that was seen in one run. */
export interface Soak {
  readonly circumstances: Circumstances;
  /** Of load. */
  readonly minutes: number;
  readonly engine: string;
  readonly seed: number;
  readonly watches: number;
  /** Processor time of the proxy that was aimed at, of one core; and what the clients' process took. */
  readonly target: number;
  readonly loadProcessor: number;
  readonly verdicts: Verdicts;
  readonly faults: readonly MadeFault[];
  /** Creations that a server has executed. */
  readonly executed: number;
  /** Under load. */
  readonly samples: readonly GaugeSample[];
  readonly quietPoints: readonly QuietPoint[];
  readonly restBefore: QuietPoint;
  readonly restAfter: QuietPoint;
  readonly restSeconds: number;
}

const OUTCOMES: readonly Outcome[] = ['right', 'cancelled', 'refused', 'in doubt', 'cut', 'lost', 'wrong', 'late'];
const OUTCOME_TITLES: Readonly<Record<Outcome, string>> = {
  right: 'right',
  cancelled: 'given up by the client',
  refused: '503 with Retry-After',
  'in doubt': '503 without Retry-After',
  cut: 'cut off',
  lost: 'cut off before the head',
  wrong: 'wrong',
  late: 'late',
};
const LOADED_CURVES: readonly (readonly [name: string, unit: string, key: keyof GaugeSample])[] = [
  ['resident memory', 'MiB', 'residentMiB'],
  ['JavaScript heap', 'MiB', 'heapMiB'],
  ['buffers and other memory outside of the heap', 'MiB', 'externalMiB'],
  ['requests open with servers, watches included', 'count', 'exchanges'],
  ['connections of clients', 'count', 'clientSockets'],
  ['connections to servers', 'count', 'serverSockets'],
];
const QUIET_CURVES: readonly (readonly [name: string, unit: string, key: keyof QuietPoint])[] = [
  ['resident memory', 'MiB', 'residentMiB'],
  ['JavaScript heap after garbage collection', 'MiB', 'heapMiB'],
  ['buffers after garbage collection', 'MiB', 'buffersMiB'],
  ['requests open with servers', 'count', 'exchanges'],
  ['connections of clients', 'count', 'clientSockets'],
  ['connections to servers', 'count', 'serverSockets'],
  ['file descriptors', 'count', 'files'],
];
/** What a curve of memory may grow in its last two thirds, in per cent of its mean, without being called a leak. */
const TOLERATED_GROWTH = 10;
/** Standard errors beyond which growth is not chance. */
const CERTAIN = 3;
/** Fewer points show no trend: under load because a process warms up for minutes, at quiet points because they are few. */
const LEAST_POINTS = { loaded: 30, quiet: 6 };
const SHOWN_VIOLATIONS = 30;

/** The report as a Markdown page, and how many violations it lists. */
export function reportPage(soak: Soak): { text: string; violations: number } {
  const { circumstances, minutes, engine, seed, verdicts, samples, restSeconds, watches } = soak;
  const { date, machine, node, load } = circumstances;
  const leaks = leaksOf(soak);
  const violations = verdicts.violationCount + leaks.length;
  const curves = curvesOf(LOADED_CURVES, samples);
  const text = page(
    '# Soak',
    `A long mixed load at ${(soak.target * 100).toFixed(0)} % of one core while servers fail, every answer compared byte by byte, and what the proxy's process holds
meanwhile: ${code('npm run bench:soak')} writes this page.`,
    table(
      ['measured', ''],
      [
        ['on', `${date} UTC, ${minutes.toFixed(0)} minutes of load`],
        ['machine', `${machine}; servers, proxy and clients share it (load ${load.toFixed(1)} before)`],
        [
          'proxy',
          `${code('mvproxy serve')} as gateway, default configuration and limits, ${code(`--http2-engine ${engine}`)}, Node ${node}`,
        ],
        [
          'servers',
          `lean ones with the discovery of ${SERVERS.map(({ version }) => version).join(', ')}; ${SERVERS.filter((one) => one.engine === 'node').length} of ${SERVERS.length} on nghttp2`,
        ],
        ['processor time of the proxy', processorText(soak)],
        [
          'repeat it',
          code(
            `npm run bench:soak -- --minutes ${Math.max(1, Math.round(minutes))} --seed ${seed}${engine === 'own' ? '' : ` --engine ${engine}`}`,
          ),
        ],
      ],
    ),
    `Clients on nghttp2 and on Node's HTTP/1.1, half of them with a certificate and half with a token, send as much as keeps the proxy at its share: small
reads, LISTs of 100 KiB to 1 MiB, creations with bodies of 1 KiB to 1 MiB, conditional and HEAD requests, discovery, slow readers, protocol switches that echo;
beside them ${watches} watches with events. Clients give up requests at every stage, and whole connections; each client goes after a minute or so and another one
comes. Nothing is repeated by a client. Every few minutes load and faults pause, and whatever is still open then is a violation.`,
    '## Result',
    violations === 0
      ? '**Every answer was right or is explained by a fault, nothing stayed open, and memory is flat.**'
      : `**${violations} violations**, the first of them:\n\n${[...leaks, ...verdicts.violations]
          .slice(0, SHOWN_VIOLATIONS)
          .map((one) => `- ${oneLine(one)}`)
          .join('\n')}`,
    '## Answers',
    answerTable(verdicts),
    `${(verdicts.bytes / 2 ** 30).toFixed(1)} GiB of content and ${verdicts.events} events came to the clients. ${soak.executed} creations were executed: each of them once, all that
were answered 201, and none that was answered 503 with Retry-After${verdicts.violations.some((one) => one.includes(' creation ')) ? ', but for the violations above' : ''}.`,
    '## Faults',
    faultTable(soak),
    `Outcomes that were neither right nor the client's wish, by the fault of the server that was at work (within it or 5 s after). A reset, a
connection that ends or a killed server breaks what is under way; a server that goes in good order may only make the proxy refuse.`,
    '## What the process holds under load',
    trendTable(curves),
    `A sample every 10 s, nobody collects garbage for it. Growth is that of the line of least squares over the last two thirds; a leak is more than ${TOLERATED_GROWTH} % of the mean and more than ${CERTAIN} of its standard errors.`,
    ...curves.slice(0, 4).map((curve) => `${'```'}text\n${plot(curve)}\n${'```'}`),
    '## What it holds when nobody is there',
    quietTable(soak),
    `Right after a garbage collection at ${soak.quietPoints.length} quiet points, when all clients have gone; connections to servers are kept for a while. At the end nobody had been there for ${restSeconds} s.`,
  );
  return { text, violations };
}

function processorText({ target, samples, loadProcessor }: Soak): string {
  const shares = samples.map(({ processor }) => processor * 100);
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  return `${mean.toFixed(0)} % of one core on average under load (aim ${(target * 100).toFixed(0)} %; median of 10 s ${percentile(shares, 0.5).toFixed(0)} %, 95 % of them below ${percentile(shares, 0.95).toFixed(0)} %); the clients' process took ${(loadProcessor * 100).toFixed(0)} %`;
}

function curvesOf<S extends GaugeSample | QuietPoint>(
  which: readonly (readonly [name: string, unit: string, key: keyof S])[],
  samples: readonly S[],
): Curve[] {
  return which.map(([name, unit, key]) => ({
    name,
    unit,
    points: samples.map((sample): [number, number] => [sample.at, Number(sample[key])]),
  }));
}

function leaksOf({ samples, quietPoints }: Soak): string[] {
  const loaded = curvesOf(LOADED_CURVES, samples).filter((curve) => grows(curve, LEAST_POINTS.loaded));
  const quiet = curvesOf(QUIET_CURVES, quietPoints).filter((curve) => grows(curve, LEAST_POINTS.quiet));
  return [...loaded, ...quiet].map(({ name, points }) => `${name} grows (of ${points.length} points)`);
}

function grows(curve: Curve, leastPoints: number): boolean {
  if (curve.points.length < leastPoints || curve.unit !== 'MiB') return false;
  const { mean, growth, error } = trendOf(curve);
  return growth > (mean * TOLERATED_GROWTH) / 100 && growth > CERTAIN * error;
}

function trendTable(curves: readonly Curve[]): string {
  return table(
    ['', 'mean of the last two thirds', 'growth in them', 'per hour', 'verdict'],
    curves.map((curve) => {
      const { mean, growth, error } = trendOf(curve);
      const part = curve.points.slice(Math.floor(curve.points.length / 3));
      const hours = ((part.at(-1)?.[0] ?? 0) - (part[0]?.[0] ?? 0)) / 3600;
      const unit = curve.unit === 'count' ? '' : ` ${curve.unit}`;
      return [
        curve.name,
        `${mean.toFixed(1)}${unit}`,
        `${growth.toFixed(2)} ± ${error.toFixed(2)}${unit}`,
        hours === 0 ? '' : `${(growth / hours).toFixed(2)}${unit}`,
        curve.points.length < LEAST_POINTS.loaded
          ? 'too few points'
          : grows(curve, LEAST_POINTS.loaded)
            ? '**grows**'
            : 'flat',
      ];
    }),
  );
}

function quietTable({ quietPoints, restBefore, restAfter }: Soak): string {
  const first = quietPoints[0] ?? restAfter;
  const last = quietPoints.at(-1) ?? restAfter;
  const curves = curvesOf(QUIET_CURVES, quietPoints);
  return table(
    ['', 'before any load', 'first quiet point', 'last quiet point', 'growth in the last two thirds', 'at the end'],
    QUIET_CURVES.map(([name, unit, key], i) => {
      const curve = curves[i];
      const digits = unit === 'count' ? 0 : 1;
      const show = (point: QuietPoint): string =>
        `${Number(point[key]).toFixed(digits)}${unit === 'count' ? '' : ` ${unit}`}`;
      const trend = curve === undefined || curve.points.length < LEAST_POINTS.quiet ? undefined : trendOf(curve);
      return [
        name,
        show(restBefore),
        show(first),
        show(last),
        trend === undefined ? 'too few points' : `${trend.growth.toFixed(1)} ± ${trend.error.toFixed(1)}`,
        show(restAfter),
      ];
    }),
  );
}

function answerTable({ counts }: Verdicts): string {
  const used = OUTCOMES.filter((outcome) => [...counts.keys()].some((key) => key.endsWith(`|${outcome}`)));
  const rows = KINDS.flatMap((kind) =>
    (['h2', 'http/1.1'] as const).flatMap((protocol) => {
      const numbers = used.map((outcome) => counts.get(`${kind}|${protocol}|${outcome}`) ?? 0);
      return numbers.every((count) => count === 0) ? [] : [[kind, protocol, ...numbers.map(String)]];
    }),
  );
  return table(['', 'protocol', ...used.map((outcome) => OUTCOME_TITLES[outcome])], rows);
}

function faultTable({ faults, verdicts }: Soak): string {
  const outcomes: readonly Outcome[] = ['refused', 'in doubt', 'cut', 'lost'];
  return table(
    ['fault', 'times', ...outcomes.map((outcome) => OUTCOME_TITLES[outcome])],
    FAULT_KINDS.map((kind) => [
      kind,
      String(faults.filter((fault) => fault.kind === kind).length),
      ...outcomes.map((outcome) => String(verdicts.explained.get(`${outcome}|${kind}`) ?? 0)),
    ]),
  );
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 600);
}
