import type { RehearsalResult } from '../result.ts';
import { FINDINGS, isHarmful } from './findings.ts';

/** The comparison as rows of cells: the title row first, one column of cells per column of the rehearsal, the verdict last. */
export function summaryRows({ columns }: RehearsalResult): string[][] {
  return [
    ['', ...columns.map(({ name }) => name)],
    ...FINDINGS.map(({ name, value }) => [name, ...columns.map(value)]),
    [
      'verdict',
      ...columns.map((column) =>
        column.failure !== undefined ? 'did not finish' : isHarmful(column) ? 'HARM' : 'no harm',
      ),
    ],
  ];
}
