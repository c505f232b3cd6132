/** A list of rows of one height of which only those in sight are drawn. Lengths are in pixels. */
export interface Viewport {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowHeight: number;
}

/** Rows drawn above and below what is seen, so that a fast scroll finds some. */
const SPARE_ROWS = 8;

/** The rows to draw: from `first`, before `end`. */
export function drawnRows({ scrollTop, height, rowHeight }: Viewport, count: number): { first: number; end: number } {
  const top = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const first = Math.max(0, Math.min(top - SPARE_ROWS, count));
  const end = Math.min(count, Math.ceil((Math.max(0, scrollTop) + height) / rowHeight) + SPARE_ROWS);
  return { first, end: Math.max(first, end) };
}

/** No more rows than this are drawn at a time, wherever the list is. */
export function mostDrawn({ height, rowHeight }: Viewport): number {
  return Math.ceil(height / rowHeight) + 1 + 2 * SPARE_ROWS;
}

/** Where to scroll so that a row is seen whole; the same place when it is. */
export function scrollTopFor(row: number, { scrollTop, height, rowHeight }: Viewport): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + height ? top + rowHeight - height : scrollTop;
}

/** A cell of a grid that has the keyboard's attention. */
export interface GridPosition {
  readonly row: number;
  readonly column: number;
}

/** Where a key leads in a grid (WAI-ARIA Authoring Practices, grid pattern); undefined for keys that are not the grid's. */
export function moved(
  { row, column }: GridPosition,
  { key, ctrlKey }: { readonly key: string; readonly ctrlKey: boolean },
  { rows, columns, page }: { readonly rows: number; readonly columns: number; readonly page: number },
): GridPosition | undefined {
  const at = (toRow: number, toColumn: number) => ({
    row: Math.max(0, Math.min(rows - 1, toRow)),
    column: Math.max(0, Math.min(columns - 1, toColumn)),
  });
  switch (key) {
    case 'ArrowUp':
      return at(row - 1, column);
    case 'ArrowDown':
      return at(row + 1, column);
    case 'ArrowLeft':
      return at(row, column - 1);
    case 'ArrowRight':
      return at(row, column + 1);
    case 'PageUp':
      return at(row - page, column);
    case 'PageDown':
      return at(row + page, column);
    case 'Home':
      return ctrlKey ? at(0, 0) : at(row, 0);
    case 'End':
      return ctrlKey ? at(rows - 1, columns - 1) : at(row, columns - 1);
    default:
      return undefined;
  }
}
