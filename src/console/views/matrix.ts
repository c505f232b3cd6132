import { type ComponentChild, h } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { SkewReport, SkewRow } from '../model/answers.ts';
import { rowKey } from '../model/matrix.ts';
import { drawnRows, mostDrawn, moved, scrollTopFor, type Viewport } from '../model/window.ts';
import { cellId, MatrixRow } from './matrix-row.ts';

/** As `--row` in the style sheet. */
const ROW_REM = 2.125;

export interface MatrixProps {
  readonly report: SkewReport;
  /** Those that pass the filter. */
  readonly rows: readonly SkewRow[];
  /** Keys of rows to point out. */
  readonly changed: ReadonlySet<string>;
  readonly onOpen: (key: string) => void;
}

/** The grid (WAI-ARIA grid pattern), of which only the rows in sight exist. One tab stop; arrows move, Enter opens. */
export function Matrix({ report, rows, changed, onOpen }: MatrixProps): ComponentChild {
  const { servers } = report;
  const grid = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const [viewport, setViewport] = useState<Viewport>({ scrollTop: 0, height: 600, rowHeight: 16 * ROW_REM });
  const [active, setActive] = useState({ key: '', column: 0 });

  useLayoutEffect(() => {
    const { current } = grid;
    if (current === null) return;
    const measure = () => {
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      const height = current.clientHeight - (head.current?.offsetHeight ?? 0);
      setViewport((before) => ({ ...before, scrollTop: current.scrollTop, height, rowHeight: rem * ROW_REM }));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    measure();
    return () => observer.disconnect();
  }, []);

  // Another filter is another list.
  useEffect(() => {
    const { current } = grid;
    if (current !== null && current.scrollTop > rows.length * viewport.rowHeight) current.scrollTop = 0;
  }, [rows, viewport.rowHeight]);

  const activeRow = useMemo(() => {
    const found = active.key === '' ? -1 : rows.findIndex((row) => rowKey(row) === active.key);
    return Math.max(0, found);
  }, [rows, active.key]);
  const { first, end } = drawnRows(viewport, rows.length);
  const columns = servers.length + 2;
  const slots = mostDrawn(viewport);

  const onScroll = () => {
    const { current } = grid;
    if (current !== null) setViewport((before) => ({ ...before, scrollTop: current.scrollTop }));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey) return;
    const row = rows[activeRow];
    if (row === undefined) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      return onOpen(rowKey(row));
    }
    const page = Math.max(1, Math.floor(viewport.height / viewport.rowHeight) - 1);
    const to = moved({ row: activeRow, column: active.column }, event, { rows: rows.length, columns, page });
    const target = to && rows[to.row];
    if (to === undefined || target === undefined) return;
    event.preventDefault();
    setActive({ key: rowKey(target), column: to.column });
    const { current } = grid;
    if (current === null) return;
    const scrollTop = scrollTopFor(to.row, { ...viewport, scrollTop: current.scrollTop });
    current.scrollTop = scrollTop;
    setViewport((before) => ({ ...before, scrollTop }));
  };

  const isDrawn = activeRow >= first && activeRow < end;
  return h(
    'div',
    {
      ref: grid,
      class: 'matrix',
      role: 'grid',
      tabIndex: 0,
      'aria-label': 'Resources by server',
      'aria-rowcount': rows.length + 1,
      'aria-colcount': columns,
      'aria-readonly': 'true',
      'aria-activedescendant': isDrawn ? cellId(activeRow, active.column) : undefined,
      style: { '--servers': servers.length },
      onScroll,
      onKeyDown,
    },
    h(
      'div',
      { role: 'rowgroup', class: 'matrix-head', ref: head },
      h(
        'div',
        { role: 'row', 'aria-rowindex': 1, class: 'matrix-row' },
        h('div', { role: 'columnheader', 'aria-colindex': 1 }, 'Resource'),
        servers.map(({ name, version, ready }, at) =>
          h(
            'div',
            {
              key: name,
              role: 'columnheader',
              'aria-colindex': at + 2,
              title: `${name} ${version}${ready ? '' : ', not ready'}`,
            },
            h('span', { class: 'column-name' }, name),
            h(
              'span',
              { class: ready ? 'column-version' : 'column-version tone-bad tone-bad-text' },
              !ready && h('span', { class: 'dot', 'aria-hidden': 'true' }),
              version,
              !ready && h('span', { class: 'visually-hidden' }, ' not ready'),
            ),
          ),
        ),
        h('div', { role: 'columnheader', 'aria-colindex': columns }, 'Findings'),
      ),
    ),
    h(
      'div',
      { role: 'rowgroup', class: 'matrix-body', style: { height: `${rows.length * viewport.rowHeight}px` } },
      rows.slice(first, end).map((row, offset) => {
        const index = first + offset;
        const key = rowKey(row);
        return h(MatrixRow, {
          // Elements of rows that went out of sight are those of the rows that come: far cheaper than new ones.
          key: index % slots,
          row,
          index,
          top: index * viewport.rowHeight,
          active: index === activeRow ? active.column : undefined,
          isChanged: changed.has(key),
          onOpen,
        });
      }),
    ),
  );
}
