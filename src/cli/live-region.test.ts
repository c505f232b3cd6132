import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveRegion } from './live-region.ts';

/** A terminal that keeps what is on it, as far as the region's escape sequences go. */
class Terminal {
  readonly isTTY = true;
  readonly columns: number;
  lines: string[] = [''];

  constructor(columns = 40) {
    this.columns = columns;
  }

  write(text: string): void {
    const [, up, rest = ''] = /^(?:␛\[(\d+)A␛\[J)?([\s\S]*)$/.exec(text.replaceAll('\u001b', '␛')) ?? [];
    if (up !== undefined) this.lines.splice(this.lines.length - 1 - Number(up), Number.POSITIVE_INFINITY, '');
    const [first = '', ...more] = rest.split('\n');
    this.lines[this.lines.length - 1] += first;
    this.lines.push(...more);
  }
}

test('lines are drawn in the place of those before, however many there were', () => {
  const terminal = new Terminal();
  terminal.write('before\n');
  const region = new LiveRegion(terminal);
  region.draw(['a', 'b', 'c']);
  region.draw(['d']);
  assert.deepEqual(terminal.lines, ['before', 'd', '']);
  region.draw(['e', 'f']);
  assert.deepEqual(terminal.lines, ['before', 'e', 'f', '']);
});

test('what is kept stays above what is drawn next', () => {
  const terminal = new Terminal();
  const region = new LiveRegion(terminal);
  region.draw(['a']);
  region.keep();
  region.draw(['b']);
  assert.deepEqual(terminal.lines, ['a', 'b', '']);
});

test('a line longer than the terminal is wide takes one row, and no colour leaks from it', () => {
  const terminal = new Terminal(10);
  new LiveRegion(terminal).draw(['\u001b[31m123456789abc\u001b[39m', '\u001b[32mok\u001b[39m']);
  assert.deepEqual(terminal.lines, ['12345678…', '␛[32mok␛[39m', '']);
});

test('nothing is drawn where the output is no terminal', () => {
  let written = '';
  new LiveRegion({ write: (text) => (written += text) }).draw(['a']);
  assert.equal(written, '');
});

test('what the terminal has no rows for is left out, so that all of it can be replaced', () => {
  const terminal = Object.assign(new Terminal(), { rows: 4 });
  const region = new LiveRegion(terminal);
  region.draw(['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(terminal.lines, ['a', 'b', '… 3 more lines', '']);
  region.draw(['f', 'g', 'h']);
  assert.deepEqual(terminal.lines, ['f', 'g', 'h', '']);
});
