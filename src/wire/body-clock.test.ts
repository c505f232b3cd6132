import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockedBody } from './body-clock.ts';
import type { BodyReceiver } from './exchange.ts';

test('a stalled body is reported; a paused, released or ended one is not', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const source: { receiver?: BodyReceiver } = {};
  let more = true;
  let stalls = 0;
  let reads = 0;
  const start = (): ClockedBody => {
    const body = new ClockedBody(
      { read: (receiver) => void Object.assign(source, { receiver }), pause: () => {}, resume: () => {} },
      100,
      () => {
        stalls += 1;
      },
      () => {
        reads += 1;
      },
    );
    body.read({ data: () => more, end: () => {}, reset: () => {} });
    return body;
  };
  const stallsAfter = (ms: number): number => {
    stalls = 0;
    t.mock.timers.tick(ms);
    return stalls;
  };

  start();
  assert.equal(reads, 1);
  assert.equal(stallsAfter(99), 0);
  source.receiver?.data(Buffer.from('a'));
  assert.equal(stallsAfter(99), 0, 'progress restarts the clock');
  assert.equal(stallsAfter(1), 1);

  const paused = start();
  more = false;
  source.receiver?.data(Buffer.from('a'));
  assert.equal(stallsAfter(1000), 0, 'the consumer holds it back');
  more = true;
  paused.resume();
  assert.equal(stallsAfter(100), 1);

  start().release();
  assert.equal(stallsAfter(1000), 0);
  start();
  source.receiver?.end([]);
  assert.equal(stallsAfter(1000), 0);
  start();
  source.receiver?.reset('cancel');
  assert.equal(stallsAfter(1000), 0);
});
