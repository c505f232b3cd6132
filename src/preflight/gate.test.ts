import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from './gate.ts';

test('so many at a time, each in its turn, whatever becomes of those before', async () => {
  const gate = new Gate(2);
  const ends: PromiseWithResolvers<void>[] = [];
  const begun: number[] = [];
  const all = [0, 1, 2, 3].map((at) =>
    gate.pass(() => {
      begun.push(at);
      const end = Promise.withResolvers<void>();
      ends[at] = end;
      return end.promise;
    }),
  );
  const settled = Promise.allSettled(all);
  await new Promise(setImmediate);
  assert.deepEqual(begun, [0, 1]);
  ends[1]?.reject(new Error('x'));
  await new Promise(setImmediate);
  assert.deepEqual(begun, [0, 1, 2]);
  ends[0]?.resolve();
  ends[2]?.resolve();
  await new Promise(setImmediate);
  assert.deepEqual(begun, [0, 1, 2, 3]);
  ends[3]?.resolve();
  assert.deepEqual(
    (await settled).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
});
