import { code, page, table } from '../../tools/reference/markdown.ts';
import type { Circumstances } from '../convergence/report.ts';
import type { Figure, Scenario } from './scenario.ts';

/** The report as a Markdown page; `runs`: when what was measured. */
export function reportPage(
  { machine, node, load }: Omit<Circumstances, 'date'>,
  runs: string,
  scenarios: readonly Scenario[],
): string {
  return page(
    '# Faults',
    `What clients see while servers die, hang, are cut off and go, measured on real kube-apiservers by ${code('npm run bench:faults')},
which writes this page: through this proxy and, in the same run and on the same servers, through the mixed version proxy inside
kube-apiserver (native).`,
    table(
      ['measured', ''],
      [
        ['on', runs],
        ['machine', `${machine}; servers, etcd, proxy and clients share it (load ${load.toFixed(1)} before)`],
        ['servers', 'kube-apiserver 1.36.3, native mixed version proxy on, etcd 3.6.5; other versions where named'],
        ['proxy', `default configuration, Node ${node}`],
      ],
    ),
    `Unless a section says otherwise there are three servers; two serve Jobs, the third runs with ${code('--runtime-config=batch/v1=false')}.
Clients of this proxy connect to the proxy in front of all three; clients of native connect to the third server, which forwards to the
others. Requests are sent at a fixed rate, whether or not earlier ones were answered, over eight HTTP/2 connections and, for a fifth of
them, over HTTP/1.1; a wait begins when a request was due. Clients repeat nothing: whatever is not the right answer is a failure.
A write failed although no server had got it if the answer says so (503 with Retry-After, connection refused).`,
    '## Summary',
    summary(scenarios),
    ...scenarios.flatMap(section),
  );
}

function summary(scenarios: readonly Scenario[]): string {
  const rows = scenarios.flatMap(({ title, figures }) =>
    figures.map((figure, i) => [i === 0 ? title : '', ...figureCells(figure)]),
  );
  return table(['fault', 'figure', 'goal', 'mvproxy', 'native'], rows);
}

function section({ title, method, tables }: Scenario): string[] {
  const shown = tables.filter(({ rows }) => rows.length > 0);
  return [`## ${title}`, method, ...shown.flatMap(({ caption, header, rows }) => [caption, table(header, rows)])];
}

function figureCells({ what, goal, mvproxy, native, met }: Figure): string[] {
  return [what, goal, met === false ? `**${mvproxy}** (missed)` : mvproxy, native];
}
