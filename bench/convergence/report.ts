import { cpus, loadavg, release, totalmem } from 'node:os';
import { page, table } from '../../tools/reference/markdown.ts';
import { BOUNDS, distribution, type Measured, type Series, summarise } from './series.ts';

/** Circumstances of a measurement. */
export interface Circumstances {
  /** ISO 8601, to the minute. */
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  /** One-minute load average before the first round. */
  readonly load: number;
}

export function circumstances(): Circumstances {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}, ${memory} GiB, Linux ${release().replace(/-.*$/, '')}`,
    node: process.versions.node,
    load: loadavg()[0] ?? 0,
  };
}

/** The report as a Markdown page; `runs`: when what was measured. */
export function reportPage(
  { machine, node, load }: Omit<Circumstances, 'date'>,
  runs: string,
  measured: readonly Measured[],
): string {
  return page(
    '# Convergence',
    `How soon the proxy knows what changed, measured on real kube-apiservers by \`npm run bench:convergence\`, which writes this page.
Goal: of every figure in bold the 99th percentile is a second or less, or the count 0.`,
    table(
      ['measured', ''],
      [
        ['on', runs],
        ['machine', `${machine}; servers, etcd, proxy and observers share it (load ${load.toFixed(1)} before)`],
        ['servers', 'kube-apiserver 1.34.4 and 1.37.2 with their default flags, etcd 3.6.5'],
        ['proxy', `default configuration, Node ${node}`],
      ],
    ),
    `Times are in milliseconds, and end when the observer has the answer. Observers look every 5 ms. Quantiles are by nearest rank:
of 50 rounds the 99th percentile is the slowest. A round begins as soon as the one before has ended, so that it begins at the worst
moment for whatever happens at intervals. What passes until the first server lists a definition, or none lists it, is the servers’
own time; the rest is the proxy’s.`,
    summary(measured),
    ...measured.flatMap(section),
    NATIVE,
  );
}

const NATIVE = `## The mixed version proxy inside kube-apiserver

Custom resources take no part in it: its merged document holds of them what the asked server lists itself. Comparable are servers
that come and go, measured before with three and four kube-apiservers 1.36.3 and 1.37.2 on a machine of the same size:

${table(
  ['situation', 'result'],
  [
    ['a server is added: `/readyz` is 200 → first request that only it can serve', '350–640 ms, with 2–5 false 404s'],
    ['the same with a server older than 1.36 in the cluster', '1.65–8.6 s, with 16–70 false 404s'],
    ['the only server of a type dies', '503 at once, then false 404 from the next change of any Lease on'],
    ['the last peer leaves', 'its types stay listed as long as was watched (84 s), while requests get 404'],
  ],
)}`;

/** Every figure that has to meet the goal. */
function summary(measured: readonly Measured[]): string {
  const rows = measured.flatMap(({ title, series, counts }) => {
    const times = series.filter(isBold).map((one) => {
      const { median, p99 } = summarise(one);
      return [title, unmarked(one.name), whole(median), whole(p99)];
    });
    const counted = counts
      .filter(([what]) => isBold({ name: what }))
      .map(([what, count]) => [title, unmarked(what), '', String(count)]);
    return [...times, ...(title.startsWith(COMPARISON) ? [] : counted)];
  });
  return table(['situation', 'figure', 'median', '99 % or count'], rows);
}

const COMPARISON = 'For comparison';

function isBold({ name }: { readonly name: string }): boolean {
  return name.startsWith('**');
}

function unmarked(name: string): string {
  return name.replaceAll('**', '');
}

function section({ title, method, series, counts }: Measured): string[] {
  const rows = series.map((one) => {
    const { rounds, median, p99, max } = summarise(one);
    return [one.name, String(rounds), ...[median, p99, max].map(whole)];
  });
  const blocks = [`## ${title}`, method, table(['from → to', 'rounds', 'median', '99 %', 'max'], rows)];
  if (counts.length > 0) {
    blocks.push(
      table(
        ['counted', ''],
        counts.map(([what, count]) => [what, String(count)]),
      ),
    );
  }
  const bold = series.filter(isBold);
  if (bold.length > 0) blocks.push(distributions(bold));
  return blocks;
}

function distributions(series: readonly Series[]): string {
  const columns = [...BOUNDS.map((bound) => `≤ ${bound}`), `> ${BOUNDS.at(-1)}`];
  const rows = series.map((one) => [unmarked(one.name), ...distribution(one).map((count) => String(count || ''))]);
  return table(['rounds by milliseconds', ...columns], rows);
}

function whole(ms: number): string {
  return Number.isNaN(ms) ? '–' : String(Math.round(ms));
}
