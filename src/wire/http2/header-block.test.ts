import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenHeaderBlock } from './header-block.ts';
import { breaks } from './testing/breaks.ts';

test('fragments are put together, and are copies: what they came in is used again', () => {
  const block = new OpenHeaderBlock(5, true, 100);
  const lent = Buffer.from('..one..');
  block.add(lent, 2, 5);
  lent.fill('x');
  block.add(Buffer.from('two'), 0, 3);
  block.add(Buffer.from('three'), 2, 2);
  assert.equal(block.whole().toString(), 'onetwo');
  assert.deepEqual([block.streamId, block.endStream], [5, true]);
});

test('no more octets than allowed', () => {
  const block = new OpenHeaderBlock(1, false, 100);
  block.add(Buffer.alloc(60), 0, 60);
  block.add(Buffer.alloc(60), 0, 40);
  assert.equal(block.whole().length, 100);
  assert.throws(() => block.add(Buffer.alloc(1), 0, 1), breaks('ENHANCE_YOUR_CALM'));
});

test('no endless fragments, be they empty (CVE-2024-27316)', () => {
  for (const length of [0, 1]) {
    const block = new OpenHeaderBlock(1, false, 1e6);
    let fragments = 0;
    const flood = (): void => {
      for (; fragments < 10_000; fragments += 1) block.add(Buffer.alloc(1), 0, length);
    };
    assert.throws(flood, breaks('ENHANCE_YOUR_CALM'));
    // Enough for any list of the size that we take, and few enough to be nothing.
    assert.ok(fragments >= 64 && fragments <= 100, `${fragments}`);
  }
});
