import { stripVTControlCharacters } from 'node:util';
import type { CliIo } from './io.ts';

export type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** How text for people is drawn: with which characters, in which colours, how wide. */
export interface TerminalStyle {
  /** The terminal shows more than ASCII. */
  readonly unicode: boolean;
  readonly columns: number;
  paint(text: string, colour: Colour): string;
}

const CODES: Readonly<Record<Colour, number>> = { green: 32, red: 31, yellow: 33, dim: 2, bold: 1 };
const DEFAULT_COLUMNS = 100;

/** Standard output's: colours on a terminal unless NO_COLOR is set, more than ASCII where the locale is UTF-8. */
export function terminalStyle({ stdout, environment }: Pick<CliIo, 'stdout' | 'environment'>): TerminalStyle {
  const { LC_ALL, LC_CTYPE, LANG, NO_COLOR } = environment;
  // The first that is set decides (POSIX section 8.2).
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  const hasColours = stdout.isTTY === true && !NO_COLOR;
  return {
    unicode: /utf-?8/i.test(locale),
    columns: Math.max(40, stdout.columns ?? DEFAULT_COLUMNS),
    paint: (text, colour) => (hasColours ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text),
  };
}

/** Characters that a terminal shows of the text; colours take no room. */
export function shownWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Lines of at most `columns` characters, each after `indent` spaces. */
export function wrapText(text: string, columns: number, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + shownWidth(line) + 1 + shownWidth(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each) => `${' '.repeat(indent)}${each}`);
}
