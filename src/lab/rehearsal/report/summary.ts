import type { RehearsalEnvironment, RehearsalResult } from '../result.ts';
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

/** What has to be known to read the false 404s, as one sentence; '' when nothing was done on purpose. */
export function wrong404Sentence({ wrong404 }: RehearsalEnvironment): string {
  if (wrong404 === undefined) return '';
  const { group, resource } = wrong404;
  const type = group === '' ? resource : `${resource}.${group}`;
  return `The first upgraded server denied ${type} on purpose, which counts among the false 404s of every column.`;
}
