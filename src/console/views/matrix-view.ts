import { type ComponentChild, h } from 'preact';
import { useMemo } from 'preact/hooks';
import { filterRows, rowKey } from '../model/matrix.ts';
import { withFilter } from '../model/place.ts';
import { counted, timeOfDay } from '../model/words.ts';
import { Matrix } from './matrix.ts';
import { Empty, Failure, Field, ViewHeading } from './parts.ts';
import { RowPanel } from './row-panel.ts';
import type { Ui } from './ui.ts';

/** Who serves what, for every resource and every server. */
export function MatrixView({ state, go }: Ui): ComponentChild {
  const { place, skew, changed } = state;
  const { text = '', differences = '', row: open = '' } = place.filters;
  const report = skew.value;
  const rows = useMemo(
    () => (report === undefined ? [] : filterRows(report.rows, { text, differencesOnly: differences === 'true' })),
    [report, text, differences],
  );
  const opened = open === '' ? undefined : report?.rows.find((row) => rowKey(row) === open);
  const differing = useMemo(() => report?.rows.filter(({ findings }) => findings.length > 0).length ?? 0, [report]);
  const onOpen = (row: string) => go(withFilter(place, 'row', row));
  return h(
    'div',
    null,
    h(
      ViewHeading,
      { title: 'Skew' },
      report === undefined
        ? 'Which server serves which resource.'
        : `${counted(differing, 'row')} of ${report.rows.length.toLocaleString('en-US')} differ between servers. Read ${timeOfDay(report.generatedAt)}.`,
    ),
    h(Failure, { text: skew.failure }),
    h(
      'div',
      { class: 'toolbar' },
      h(
        Field,
        { label: 'Filter' },
        h('input', {
          type: 'search',
          value: text,
          placeholder: 'jobs, apps/v1, CustomResourceDefinition …',
          spellcheck: false,
          onInput: (event: Event) => go(withFilter(place, 'text', (event.currentTarget as HTMLInputElement).value)),
        }),
      ),
      h(
        'label',
        { class: 'check' },
        h('input', {
          type: 'checkbox',
          checked: differences === 'true',
          onChange: (event: Event) =>
            go(withFilter(place, 'differences', (event.currentTarget as HTMLInputElement).checked ? 'true' : '')),
        }),
        'Only differences',
      ),
      h('p', { class: 'toolbar-end muted', role: 'status' }, report !== undefined && counted(rows.length, 'row')),
    ),
    report !== undefined && rows.length === 0
      ? h(
          Empty,
          { title: report.rows.length === 0 ? 'No server has been read yet.' : 'No row passes the filter.' },
          differing === 0 && differences === 'true' && 'All servers serve the same.',
        )
      : report !== undefined && h(Matrix, { report, rows, changed, onOpen }),
    h(
      'p',
      { class: 'legend muted' },
      h('span', { class: 'mark mark-yes' }, '✓'),
      ' served ',
      h('span', { class: 'mark mark-partly' }, '✓'),
      ' served with fewer verbs ',
      h('span', { class: 'mark mark-no' }, '–'),
      ' not served ',
      h('span', { class: 'mark mark-stale' }, '!'),
      ' stale: its extension server does not answer ',
      h('span', { class: 'mark mark-unknown' }, '?'),
      ' not known',
    ),
    report !== undefined &&
      opened !== undefined &&
      h(RowPanel, { report, row: opened, onClose: () => go(withFilter(place, 'row', '')) }),
  );
}
