import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LostServers } from './lost-servers.ts';

test('everything that was under way on a server when it ended is covered, however much and however late it is heard of', () => {
  const lost = new LostServers();
  for (let sentAt = 0; sentAt <= 1_000; sentAt++) assert.equal(lost.covers('a', sentAt, 1_000 + sentAt), true);
});

test('what was sent later to a server that goes on to fail is not', () => {
  const lost = new LostServers();
  lost.covers('a', 0, 1_000);
  assert.equal(lost.covers('a', 1_001, 1_500), false);
});

test('every server has its own end', () => {
  const lost = new LostServers();
  lost.covers('a', 0, 1_000);
  assert.equal(lost.covers('b', 1_200, 1_500), true);
});

test('a server that is back and ends again is covered again', () => {
  const lost = new LostServers();
  lost.covers('a', 0, 1_000);
  assert.equal(lost.covers('a', 3_900, 4_000), true);
  assert.equal(lost.covers('a', 3_950, 4_001), true);
});

test('of a server that fails all the time no more is covered than is under way on it every three seconds', () => {
  const steps = fc.array(fc.record({ pause: fc.nat({ max: 400 }), took: fc.nat({ max: 1_000 }) }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (failures) => {
      const lost = new LostServers();
      let now = 10_000;
      const moments: number[] = [];
      for (const { pause, took } of failures) {
        now += pause;
        const startedAt = now - took;
        const last = moments.at(-1);
        const isMoment = last === undefined || now - last >= 3_000;
        if (isMoment) moments.push(now);
        assert.equal(lost.covers('a', startedAt, now), isMoment || startedAt <= (last ?? 0));
      }
    }),
  );
});
