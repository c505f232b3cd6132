import { percentile } from '../../src/lab/rehearsal/percentile.ts';
import type { LoadResult } from '../../test/real/support/open-loop-load.ts';
import { code, page, table } from '../../tools/reference/markdown.ts';
import type { Circumstances } from '../convergence/report.ts';
import { longestOf } from '../faults/summary.ts';
import type { AuditFindings } from './batch-audit.ts';
import { FAULT_KINDS, type MadeFault } from './chaos-fault.ts';
import { type Curve, plot, trendOf } from './curve.ts';
import type { ProxySample } from './proxy-probe.ts';
import { faultsDuring, verdictOf } from './verdict.ts';

/** Everything that was seen in one run. */
export interface Chaos {
  readonly seed: number;
  readonly perSecond: number;
  /** `performance.now()` of the first request. */
  readonly startedAt: number;
  readonly results: readonly LoadResult[];
  readonly faults: readonly MadeFault[];
  readonly audit: AuditFindings;
  readonly informers: { readonly lists: number; readonly watches: number; readonly failures: number };
  readonly samples: readonly ProxySample[];
  /** Without clients, before the first fault and after the last. */
  readonly restBefore: ProxySample;
  readonly restAfter: ProxySample;
}

const CURVES: readonly (readonly [name: string, unit: string, key: keyof ProxySample])[] = [
  ['resident memory', 'MiB', 'residentMiB'],
  ['JavaScript heap after garbage collection', 'MiB', 'heapMiB'],
  ['buffers after garbage collection', 'MiB', 'buffersMiB'],
  ['open sockets', 'count', 'sockets'],
  ['open requests at servers, watches included', 'count', 'exchanges'],
];
/** What a curve may grow in its last two thirds, in per cent of its mean, without being called a leak. */
const TOLERATED_GROWTH = 10;
/** Standard errors beyond which growth is not chance. */
const CERTAIN = 3;
const SHOWN_VIOLATIONS = 40;

/** The report as a Markdown page, and how many violations it lists. */
export function reportPage(circumstances: Circumstances, chaos: Chaos): { text: string; violations: number } {
  const { date, machine, node, load } = circumstances;
  const { seed, perSecond, results, faults, audit, informers, restBefore, restAfter } = chaos;
  const violations = violationsOf(chaos);
  const minutes = ((results.at(-1)?.endedAt ?? chaos.startedAt) - chaos.startedAt) / 60_000;
  const curves = curvesOf(chaos);
  const text = page(
    '# Chaos',
    `Faults made at random under load, every answer judged, and what the proxy's process holds meanwhile: ${code('npm run bench:chaos')}
on real kube-apiservers writes this page.`,
    table(
      ['measured', ''],
      [
        ['on', `${date} UTC, ${minutes.toFixed(0)} minutes of load`],
        ['machine', `${machine}; servers, etcd, proxy and clients share it (load ${load.toFixed(1)} before)`],
        ['servers', 'kube-apiserver 1.34.4 without Jobs, 1.36.3 and 1.37.2, etcd 3.6.5'],
        ['proxy', `default configuration, Node ${node}`],
        ['repeat it', code(`npm run bench:chaos -- --minutes ${Math.max(1, Math.round(minutes))} --seed ${seed}`)],
      ],
    ),
    `${perSecond} requests a second at fixed times, over HTTP/2 and HTTP/1.1: reads and creations of Secrets (all servers), Jobs (two servers)
and reads of DeviceTaintRules (one server); eight informers watch what is created. The network to each server is a relay that can be
cut; for faults of HTTP/2 and TLS a server that misbehaves takes the place of the real one. Clients of the load repeat nothing.`,
    '## Faults',
    table(
      ['fault', 'times'],
      FAULT_KINDS.map((kind) => [kind, String(faults.filter((fault) => fault.kind === kind).length)]),
    ),
    '## Answers',
    answerTable(chaos),
    waitTable(chaos),
    `Of what was created, ${audit.objects} objects in ${audit.batches} batches were compared with what the servers hold and with what the informers
knew: ${audit.violations.length} differences. The informers opened ${informers.watches} watches and read ${informers.lists} lists; ${informers.failures} of these were refused or got no answer.`,
    violations.length === 0
      ? '**Nothing was answered but what is right, or 503 with Retry-After, or what cannot be otherwise: a write that was on its way, an answer that had begun.**'
      : `**${violations.length} violations:**\n\n${violations
          .slice(0, SHOWN_VIOLATIONS)
          .map((one) => `- ${one}`)
          .join('\n')}`,
    '## What the process holds',
    table(
      ['', 'mean of the last two thirds', 'growth in them', 'verdict', 'at rest before', 'at rest after'],
      curves.map((curve, i) => {
        const { mean, growth, error } = trendOf(curve);
        const percent = mean === 0 ? 0 : (growth / mean) * 100;
        const key = CURVES[i]?.[2] ?? 'sockets';
        return [
          curve.name,
          `${mean.toFixed(1)} ${curve.unit === 'count' ? '' : curve.unit}`.trim(),
          `${percent.toFixed(1)} %`,
          percent > TOLERATED_GROWTH && growth > CERTAIN * error ? '**grows**' : 'no leak',
          restBefore[key].toFixed(1),
          restAfter[key].toFixed(1),
        ];
      }),
    ),
    `A sample every 10 s, right after a garbage collection. Growth is that of the line of least squares; a leak is more than ${TOLERATED_GROWTH} % of the mean and more than ${CERTAIN} of its standard errors.
At rest there were no clients for 100 s.`,
    ...curves.map((curve) => `${'```'}text\n${plot(curve)}\n${'```'}`),
  );
  return { text, violations: violations.length };
}

function curvesOf({ samples }: Chaos): Curve[] {
  return CURVES.map(([name, unit, key]) => ({
    name,
    unit,
    points: samples.map((sample) => [sample.at, sample[key]]),
  }));
}

function answerTable({ results, faults }: Chaos): string {
  const groups = Map.groupBy(results, (result) => verdictOf(result, faults));
  const rows = [...groups].map(([verdict, group]) => [
    verdict,
    String(group.filter(({ kind }) => kind === 'read').length),
    String(group.filter(({ kind }) => kind === 'write').length),
  ]);
  return table(['answer', 'reads', 'writes'], rows);
}

function waitTable({ results, faults }: Chaos): string {
  const rows = FAULT_KINDS.flatMap((kind) => {
    const own = faults.filter((fault) => fault.kind === kind);
    const met = results.filter((result) => faultsDuring(result, own).length > 0);
    if (met.length === 0) return [];
    const waits = met.map(({ dueAt, endedAt }) => endedAt - dueAt);
    const refused = met.filter(({ outcome }) => outcome === 'unavailable').length;
    return [
      [
        kind,
        String(met.length),
        String(refused),
        ...[percentile(waits, 0.5), percentile(waits, 0.99), longestOf(waits)].map((ms) => String(Math.round(ms))),
      ],
    ];
  });
  return table(['during', 'requests', '503 with Retry-After', 'median wait, ms', '99 %', 'max'], rows);
}

function violationsOf({ results, faults, audit, startedAt }: Chaos): string[] {
  const answered = results
    .filter((result) => verdictOf(result, faults) === 'violation')
    .map((result) => {
      const { kind, name, dueAt, endedAt, outcome, detail } = result;
      const during = faultsDuring(result, faults).map((fault) => `${fault.server} ${fault.kind}`);
      const at = ((dueAt - startedAt) / 1000).toFixed(1);
      const waited = ((endedAt - dueAt) / 1000).toFixed(1);
      return `${at} s: ${kind} ${name ?? ''}: ${outcome} after ${waited} s (${during.join('; ') || 'no fault'}): ${oneLine(detail)}`;
    });
  return [...answered, ...audit.violations.map(oneLine)];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 300);
}
