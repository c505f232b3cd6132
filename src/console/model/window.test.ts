import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { drawnRows, mostDrawn, moved, scrollTopFor } from './window.ts';

const viewport = fc.record({
  scrollTop: fc.double({ min: -500, max: 1e6, noNaN: true }),
  height: fc.integer({ min: 0, max: 4_000 }),
  rowHeight: fc.integer({ min: 10, max: 100 }),
});

test('whatever the scroll, the rows in sight are drawn and not many more', () => {
  fc.assert(
    fc.property(viewport, fc.integer({ min: 0, max: 20_000 }), (view, count) => {
      const { first, end } = drawnRows(view, count);
      assert.ok(first >= 0 && first <= end && end <= count);
      assert.ok(end - first <= mostDrawn(view));
      assert.ok(mostDrawn(view) <= view.height / view.rowHeight + 20);
      for (let row = 0; row < count; row += Math.max(1, Math.floor(count / 50))) {
        const top = row * view.rowHeight;
        const seen =
          top + view.rowHeight > Math.max(0, view.scrollTop) && top < Math.max(0, view.scrollTop) + view.height;
        if (seen) assert.ok(row >= first && row < end, `row ${row}`);
      }
    }),
  );
});

test('scrolling to a row brings all of it into sight, and does nothing when it is', () => {
  const view = { scrollTop: 100, height: 200, rowHeight: 20 };
  assert.equal(scrollTopFor(5, view), 100);
  assert.equal(scrollTopFor(14, view), 100);
  assert.equal(scrollTopFor(15, view), 120);
  assert.equal(scrollTopFor(4, view), 80);
});

for (const [key, ctrlKey, expected] of [
  ['ArrowDown', false, [6, 2]],
  ['ArrowUp', false, [4, 2]],
  ['ArrowRight', false, [5, 3]],
  ['ArrowLeft', false, [5, 1]],
  ['PageDown', false, [9, 2]],
  ['PageUp', false, [0, 2]],
  ['Home', false, [5, 0]],
  ['End', false, [5, 3]],
  ['Home', true, [0, 0]],
  ['End', true, [9, 3]],
  ['Tab', false, undefined],
  ['a', false, undefined],
] as const) {
  test(`${ctrlKey ? 'Control ' : ''}${key} leads to ${expected ?? 'nowhere'}`, () => {
    const to = moved({ row: 5, column: 2 }, { key, ctrlKey }, { rows: 10, columns: 4, page: 8 });
    assert.deepEqual(to && [to.row, to.column], expected);
  });
}
