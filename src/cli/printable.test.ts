import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable, printableLines, printableText } from './printable.ts';

test('what a terminal would obey, or not show, is spelled out', () => {
  assert.equal(printableText('a\u001b[2Jb\u0000\u007f\u009b1m'), 'a\\u{1b}[2Jb\\u{0}\\u{7f}\\u{9b}1m');
  assert.equal(printableText('admin\u202enimda\u200b\ufeff'), 'admin\\u{202e}nimda\\u{200b}\\u{feff}');
});

test('a name makes no lines of its own', () => {
  assert.equal(printableText('a\r\nb\tc\u2028d\u0085e'), 'a b c d e');
  assert.equal(printableLines('a\rb\nc'), 'a b\nc');
});

test('letters of any language stay', () => {
  for (const text of ['widgets.example.com', 'größe', '名前 ✓ →', '']) assert.equal(printableText(text), text);
});

test('a report is made printable throughout, keys too', () => {
  const report = { list: [{ '\u001b': 'a\u0007' }], count: 1, none: null, flag: true };
  assert.deepEqual(printable(report), { list: [{ '\\u{1b}': 'a\\u{7}' }], count: 1, none: null, flag: true });
});
