import type { ColumnResult, PhaseLatency } from '../result.ts';

/** One line of the comparison of columns. */
export interface Finding {
  readonly name: string;
  /** What the number means, for somebody who reads it the first time. */
  readonly explanation: string;
  readonly value: (column: ColumnResult) => string;
  /** How much of it is damage that a mixed version proxy has to prevent; 0 is right. Absent for lines that only inform. */
  readonly harm?: (column: ColumnResult) => number;
}

const of = (part: number, whole: number): string => `${part} of ${whole}`;

/** Every line, most important damage first. */
export const FINDINGS: readonly Finding[] = [
  {
    name: 'requests',
    explanation: 'Every try counts, repetitions included.',
    value: ({ requests }) => String(requests),
  },
  {
    name: 'false 404s',
    explanation: 'Answers that a type does not exist, while a server that serves it was ready.',
    value: ({ false404s }) => String(false404s.total),
    harm: ({ false404s }) => false404s.total,
  },
  {
    name: '404s instead of 503',
    explanation: 'The same answer while every server of the type was down: clients take the objects for deleted.',
    value: ({ false404s }) => String(false404s.whileDown),
    harm: ({ false404s }) => false404s.whileDown,
  },
  {
    name: 'incomplete discovery',
    explanation: 'Lists of types that lack one which some server had been serving for a while.',
    value: ({ discovery }) => of(discovery.incomplete, discovery.answers),
    harm: ({ discovery }) => discovery.incomplete,
  },
  {
    name: 'types that vanished',
    explanation: 'Types that were in one list and not in the next, although their server went on serving them.',
    value: ({ discovery }) => String(discovery.vanished),
    harm: ({ discovery }) => discovery.vanished,
  },
  {
    name: 'dependents wrongly collected',
    explanation: 'Objects that the garbage collector deleted although their owner lives.',
    value: ({ dependents }) => of(dependents.wronglyCollected, dependents.live),
    harm: ({ dependents }) => dependents.wronglyCollected,
  },
  {
    name: 'namespaces leaked',
    explanation: 'Namespaces that are gone while objects in them still exist.',
    value: ({ namespaces }) => of(namespaces.leaked.length, namespaces.deleted),
    harm: ({ namespaces }) => namespaces.leaked.length,
  },
  {
    name: 'namespaces stuck',
    explanation: 'Namespaces that were still terminating at the end.',
    value: ({ namespaces }) => of(namespaces.stuck.length, namespaces.deleted),
    harm: ({ namespaces }) => namespaces.stuck.length,
  },
  {
    name: 'acknowledged writes lost',
    explanation: 'Writes that were answered with success and were not there at the end.',
    value: ({ writes }) => of(writes.lost, writes.acknowledged),
    harm: ({ writes }) => writes.lost,
  },
  {
    name: 'watch events missed',
    explanation: 'Changes that an informer never saw, nor their effect in a list.',
    value: ({ watches }) => of(watches.missed, watches.expected),
    harm: ({ watches }) => watches.missed,
  },
  {
    name: 'failed requests',
    explanation:
      'Requests that ended without success after all repetitions. Crashes and restarts cost some in any set-up.',
    value: ({ failedRequests }) => String(failedRequests.total),
  },
  {
    name: 'p50 ms',
    explanation: 'Median time to an answer, of the slowest phase.',
    value: ({ latency }) => milliseconds(latency, ({ p50 }) => p50),
  },
  {
    name: 'p99 ms',
    explanation: '99 of 100 answers came within it, in the slowest phase.',
    value: ({ latency }) => milliseconds(latency, ({ p99 }) => p99),
  },
];

/** Whether the column did damage. A column that did not run to its end proves nothing and counts as harmful. */
export function isHarmful(column: ColumnResult): boolean {
  return column.failure !== undefined || FINDINGS.some(({ harm }) => harm !== undefined && harm(column) > 0);
}

function milliseconds(latency: readonly PhaseLatency[], of: (phase: PhaseLatency) => number): string {
  return latency.length === 0 ? '–' : Math.max(...latency.map(of)).toFixed(1);
}
