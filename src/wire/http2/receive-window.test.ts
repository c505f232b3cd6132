import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReceiveWindow } from './receive-window.ts';
import { breaks } from './testing/breaks.ts';

function setUp(size: number, maxHeld = 1e9): { readonly window: ReceiveWindow; readonly credits: number[] } {
  const credits: number[] = [];
  return { window: new ReceiveWindow(size, maxHeld, (octets) => credits.push(octets)), credits };
}

test('a window to the last octet, and not one more (RFC 9113 section 6.9.1)', () => {
  const { window } = setUp(100);
  window.take(60);
  window.take(40);
  window.take(0);
  assert.throws(() => window.take(1), breaks('FLOW_CONTROL_ERROR'));
});

test('credit is given in steps of half a window, for all that has come', () => {
  const { window, credits } = setUp(100);
  for (const octets of [20, 29]) {
    window.take(octets);
    window.settle();
  }
  assert.deepEqual(credits, []);
  window.take(11);
  assert.deepEqual(credits, [], 'before the piece went where it belongs');
  window.settle();
  assert.deepEqual(credits, [60]);
  window.settle();
  assert.deepEqual(credits, [60]);
  window.take(100);
});

test('no credit while too much waits for readers; all of it once they go on', () => {
  const { window, credits } = setUp(100, 50);
  window.take(50);
  window.hold(50);
  assert.equal(window.isFull, false);
  window.settle();
  assert.deepEqual(credits, [50]);
  window.take(60);
  window.hold(60);
  assert.equal(window.isFull, true);
  window.settle();
  assert.deepEqual(credits, [50]);
  window.hold(-59);
  assert.equal(window.isFull, true);
  window.hold(-1);
  assert.deepEqual(credits, [50, 60]);
});

test('whatever comes and is read: octets are credited once, and what is held stays within limit and window', () => {
  const size = 1000;
  const maxHeld = 500;
  const step = fc.record({ octets: fc.nat(400), isHeld: fc.boolean(), read: fc.nat(600) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const { window, credits } = setUp(size, maxHeld);
      let taken = 0;
      let held = 0;
      const credited = (): number => credits.reduce((sum, octets) => sum + octets, 0);
      for (const { octets, isHeld, read } of steps) {
        // A peer that keeps to its window.
        const sent = Math.min(octets, size + credited() - taken);
        window.take(sent);
        taken += sent;
        if (isHeld) {
          window.hold(sent);
          held += sent;
        }
        window.settle();
        assert.ok(held <= maxHeld + size, `${held} octets are held`);
        const now = Math.min(read, held);
        window.hold(-now);
        held -= now;
        assert.ok(credited() <= taken);
        if (held <= maxHeld) assert.ok(taken - credited() < size / 2 + 1, 'credit that is owed and not held back');
      }
      window.hold(-held);
      assert.ok(size + credited() - taken > size / 2 - 1, 'the peer can go on once all is read');
    }),
  );
});
