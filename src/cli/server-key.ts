import { type TerminalStyle, wrapText } from './terminal-style.ts';
import { textTable } from './text-table.ts';

/** What a server, or a column that is none, has in one row of a matrix. */
interface KeyedCell {
  readonly text: string;
  /** In place of the number that the key gives. */
  readonly label?: string;
}

/** Servers by number, for matrices that have no room for a column each. */
export function serverKey(
  servers: readonly { readonly name: string; readonly version: string }[],
  { paint }: TerminalStyle,
): string[] {
  const rows = servers.map(({ name, version }, at) => {
    const number = String(at + 1).padStart(String(servers.length).length);
    return [`  ${number}`, name, version === name ? '' : version || '?'];
  });
  return [paint('SERVERS', 'dim'), ...textTable(rows)];
}

/** The cells of one row, those with the same text together: `✓ 1-6   ✗ 7-12`. `after`: what comes last. */
export function keyedCells(cells: readonly KeyedCell[], after: string, columns: number, indent: number): string[] {
  const numbered = cells.map(({ text, label }, at) => ({ text, label, number: at + 1 }));
  const parts = [...Map.groupBy(numbered, ({ text }) => text)].map(([text, same]) => {
    const numbers = same.flatMap(({ label, number }) => (label === undefined ? [number] : []));
    const labels = same.flatMap(({ label }) => label ?? []);
    return `${text} ${[...ranges(numbers), ...labels].join(', ')}`;
  });
  const all = [...parts, ...(after === '' ? [] : [after])];
  const [line = '', ...more] = wrapText(all.join('   '), columns, indent);
  return more.length === 0 ? [line] : all.flatMap((part) => wrapText(part, columns, indent));
}

/** `1-3`, `6` of 1, 2, 3 and 6. */
function ranges(numbers: readonly number[]): string[] {
  const found: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last?.to === number - 1) last.to = number;
    else found.push({ from: number, to: number });
  }
  return found.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`));
}
