import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { askUntil, assertHonest, ONLY_NEW, SHARED, servedBy, startFaultyPlane } from './faulty-plane.ts';

const TIMEOUT = { timeout: 120_000 };
const POST = { method: 'POST', path: SHARED, body: { kind: 'ConfigMap' } };

describe('an outage', TIMEOUT, () => {
  test('of one server after the other that restarts every few hundred milliseconds: every answer is right, or 503 with Retry-After', async (t) => {
    const plane = await startFaultyPlane(t, { far: '1.34.4' });
    const { near, far } = plane;
    const restarts = async () => {
      for (let round = 0; round < 8; round += 1) {
        const { fake, wire } = round % 4 === 3 ? far : near;
        await fake.stop();
        wire.cut();
        await delay(100 + 25 * round);
        await fake.start();
        await delay(150);
      }
    };
    const over = restarts();
    const [shared, only] = await Promise.all([askUntil(plane, SHARED, over), askUntil(plane, ONLY_NEW, over)]);
    for (const answer of shared.filter(({ status }) => status === 200)) assert.ok(servedBy(answer).length > 0);
    for (const answer of only.filter(({ status }) => status === 200)) assert.equal(servedBy(answer), 'near');
    await plane.becomes(near, 'ready');
    await plane.becomes(far, 'ready');
    assert.equal(await plane.answering(ONLY_NEW), 'near');
    await plane.assertNothingLeft();
  });

  for (const [title, away, back] of [
    ['of all servers, which are down', 'stop', 'start'],
    ['of all servers, which are cut off', 'hang', 'resume'],
  ] as const) {
    test(`${title}: 503 with Retry-After at once, and service again when they are back`, async (t) => {
      const plane = await startFaultyPlane(t, { far: '1.34.4' });
      const { near, far, client } = plane;
      for (const { fake, wire } of [near, far]) {
        if (away === 'hang') wire.hang();
        else {
          await fake.stop();
          wire.cut();
        }
      }
      for (const server of [near, far]) await plane.becomes(server, 'unready');
      // Were each of them to wait for a server, the test would not end in its time.
      for (let times = 0; times < 100; times += 1) {
        for (const request of [{ path: SHARED }, POST, { path: ONLY_NEW }]) {
          const answer = await client.request(request);
          assert.equal(answer.status, 503, answer.text);
          assertHonest(answer);
        }
      }
      for (const { fake, wire } of [near, far]) {
        if (back === 'resume') wire.resume();
        else await fake.start();
      }
      for (const path of [SHARED, ONLY_NEW]) {
        assert.ok(['near', 'far'].includes(await plane.answering(path)));
      }
      await plane.assertNothingLeft();
    });
  }
});
