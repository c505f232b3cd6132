import { Component, type ComponentChild, h } from 'preact';
import type { SkewRow } from '../model/answers.ts';
import { type CellView, cellView, rowKey } from '../model/matrix.ts';
import { codeInWords, groupVersion, resourceName } from '../model/words.ts';

const MARK: Readonly<Record<CellView['mark'], string>> = { yes: '✓', partly: '✓', no: '–', stale: '!', unknown: '?' };

interface MatrixRowProps {
  readonly row: SkewRow;
  readonly index: number;
  /** Pixels from the first row. */
  readonly top: number;
  /** The column that has the keyboard's attention. */
  readonly active: number | undefined;
  readonly isChanged: boolean;
  readonly onOpen: (key: string) => void;
}

/** For `aria-activedescendant`. */
export function cellId(row: number, column: number): string {
  return `cell-${row}-${column}`;
}

/** Drawn again only when something of it changed: a scroll moves dozens of rows that did not. */
export class MatrixRow extends Component<MatrixRowProps> {
  override shouldComponentUpdate(next: MatrixRowProps): boolean {
    const { row, index, top, active, isChanged } = this.props;
    return (
      row !== next.row ||
      index !== next.index ||
      top !== next.top ||
      active !== next.active ||
      isChanged !== next.isChanged
    );
  }

  override render(): ComponentChild {
    const { row, index, top, active, isChanged, onOpen } = this.props;
    const cell = (column: number) => ({
      id: cellId(index, column),
      'aria-colindex': column + 1,
      class: active === column ? 'active' : undefined,
    });
    return h(
      'div',
      {
        role: 'row',
        'aria-rowindex': index + 2,
        class: `matrix-row${isChanged ? ' changed' : ''}${row.findings.length > 0 ? ' differs' : ''}`,
        style: { transform: `translateY(${top}px)` },
        // Keys go to the grid, which is the only tab stop.
        onClick: () => onOpen(rowKey(row)),
      },
      h(
        'div',
        { ...cell(0), role: 'rowheader' },
        h('span', { class: 'row-name' }, resourceName(row)),
        h('span', { class: 'row-group' }, groupVersion(row)),
      ),
      row.servers.map((server, at) => {
        const { mark, note, label } = cellView(row, server);
        return h(
          'div',
          {
            ...cell(at + 1),
            key: at,
            role: 'gridcell',
            'aria-label': label,
            title: mark === 'yes' ? undefined : label,
          },
          h('span', { class: `mark mark-${mark}` }, MARK[mark]),
          note !== '' && h('span', { class: 'mark-note' }, note),
        );
      }),
      h(
        'div',
        { ...cell(row.servers.length + 1), role: 'gridcell', title: row.findings.map(codeInWords).join(', ') },
        row.findings.map(codeInWords).join(', '),
      ),
    );
  }
}
