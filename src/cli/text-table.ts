import { shownWidth } from './terminal-style.ts';

/** Rows as aligned columns, as kubectl prints them: two spaces between columns, none at the end of a line. */
export function textTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, shownWidth(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => `${cell}${' '.repeat(Math.max((widths[column] ?? 0) - shownWidth(cell), 0))}`)
      .join('  ')
      .trimEnd(),
  );
}
