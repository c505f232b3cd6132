import type { Outcome } from '../../test/real/support/outcome.ts';
import type { ScenarioTable } from './scenario.ts';
import { FORWARDERS, type Forwarder } from './stage.ts';
import { FAILURES, failures, type RunSummary } from './summary.ts';

const MEANING: Readonly<Record<Exclude<Outcome, 'right'>, string>> = {
  unavailable: '503 with Retry-After',
  'in doubt': '503 without Retry-After',
  'false 404': 'false 404',
  'cut off': 'answer cut off',
  lost: 'connection lost before an answer',
  'no answer': 'given up by the client after 90 s',
  wrong: 'another status, or wrong content',
};

export function of(runs: readonly RunSummary[], forwarder: Forwarder): readonly RunSummary[] {
  return runs.filter((run) => run.forwarder === forwarder);
}

/** Requests and failures by when they were sent. */
export function windowTable(runs: readonly RunSummary[]): ScenarioTable {
  const rows = FORWARDERS.flatMap((forwarder) => {
    const windows = of(runs, forwarder).flatMap((run) => run.windows);
    return [...Map.groupBy(windows, ({ fromS }) => fromS)]
      .toSorted(([a], [b]) => a - b)
      .map(([fromS, group]) => {
        const sum = (key: 'requests' | 'failedReads' | 'failedWrites'): string =>
          String(group.reduce((total, window) => total + window[key], 0));
        const most = (key: 'median' | 'p99' | 'max'): string =>
          String(Math.round(Math.max(...group.map((window) => window[key]))));
        return [
          forwarder,
          `${fromS} … ${fromS + 10} s`,
          sum('requests'),
          sum('failedReads'),
          sum('failedWrites'),
          most('median'),
          most('p99'),
          most('max'),
        ];
      });
  });
  return {
    caption:
      'By when they were sent, with the time of the fault as 0; counts of all rounds together, waits in milliseconds of the worst round.',
    header: ['through', 'sent', 'requests', 'failed reads', 'failed writes', 'median wait', '99 %', 'max'],
    rows,
  };
}

/** How requests failed. */
export function failureTable(runs: readonly RunSummary[]): ScenarioTable {
  const rows = FORWARDERS.flatMap((forwarder) =>
    FAILURES.flatMap((outcome) => {
      const counts = (['read', 'write'] as const).map((kind) => failures(of(runs, forwarder), kind, outcome));
      return counts.some((count) => count > 0) ? [[forwarder, MEANING[outcome], ...counts.map(String)]] : [];
    }),
  );
  return { caption: 'How they failed.', header: ['through', 'answer', 'reads', 'writes'], rows };
}

/** What the writes came to, read from the servers afterwards. */
export function truthTable(runs: readonly RunSummary[]): ScenarioTable {
  const rows = FORWARDERS.map((forwarder) => {
    const truths = of(runs, forwarder).map(({ truth }) => truth);
    const sum = (key: keyof RunSummary['truth']): string =>
      String(truths.reduce((total, truth) => total + truth[key], 0));
    return [forwarder, sum('acknowledgedAndLost'), sum('deniedAndDone'), sum('failedAndDone')];
  });
  return {
    caption: 'What the servers hold afterwards.',
    header: [
      'through',
      'answered 201, not there',
      'answered 503 with Retry-After, there',
      'failed in another way, there',
    ],
    rows,
  };
}
