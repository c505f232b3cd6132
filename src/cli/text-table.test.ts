import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textTable } from './text-table.ts';

test('columns are as wide as their widest cell, colours not counted', () => {
  assert.deepEqual(
    textTable([
      ['NAME', 'STATE', ''],
      ['a', '\u001b[32mready\u001b[39m', 'x'],
      ['longer', 'up'],
    ]),
    ['NAME    STATE', 'a       \u001b[32mready\u001b[39m  x', 'longer  up'],
  );
});
