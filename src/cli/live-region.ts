import { stripVTControlCharacters } from 'node:util';
import type { TextOutput } from './io.ts';

/** Lines at the end of a terminal's output that are drawn anew in place. Elsewhere nothing is drawn. */
export class LiveRegion {
  readonly #output: TextOutput;
  #drawn = 0;

  constructor(output: TextOutput) {
    this.#output = output;
  }

  get isLive(): boolean {
    return this.#output.isTTY === true;
  }

  /**
   * Replaces what was drawn before. Lines are cut at the terminal's width, so that none of them takes two rows, and those
   * that a terminal has no rows for are left out: what scrolled away could not be replaced.
   */
  draw(all: readonly string[]): void {
    if (!this.isLive) return;
    const width = (this.#output.columns ?? 80) - 1;
    const most = Math.max((this.#output.rows ?? Number.POSITIVE_INFINITY) - 1, 1);
    const lines = all.length <= most ? all : [...all.slice(0, most - 1), `… ${all.length - most + 1} more lines`];
    const text = lines.map((line) => `${cut(line, width)}\n`).join('');
    this.#output.write(`${this.#up()}${text}`);
    this.#drawn = lines.length;
  }

  /** Leaves what is drawn as it is; the next drawing begins below. */
  keep(): void {
    this.#drawn = 0;
  }

  #up(): string {
    return this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\u001b[J`;
  }
}

function cut(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  if (plain.length <= width) return line;
  // Colours are given up with the rest: an escape sequence cut in two would paint the whole screen.
  return `${plain.slice(0, Math.max(width - 1, 0))}…`;
}
