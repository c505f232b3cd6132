import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { settled } from '../../../test/support/proxy-setting.ts';
import { DISCOVERY_TIMES_MS, FollowUp, pauseAfter } from './follow-up.ts';

/** `readings` are the times at which readings began; each takes `tookMs` and finds something if `isChange`. */
function setUp(t: TestContext, reading: { tookMs: number; isChange: boolean } = { tookMs: 0, isChange: false }) {
  let now = 0;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
  const random = t.mock.method(Math, 'random', () => 0);
  const readings: number[] = [];
  const followUp = new FollowUp(async () => {
    readings.push(now);
    if (reading.tookMs > 0) await new Promise((resolve) => setTimeout(resolve, reading.tookMs));
    return reading.isChange;
  }, DISCOVERY_TIMES_MS);
  t.after(() => followUp.stop());
  const pass = async (milliseconds: number) => {
    for (let step = 0; step < milliseconds; step++) {
      now++;
      t.mock.timers.tick(1);
      await settled();
    }
  };
  return { followUp, readings, pass, reading, random };
}

test('one event is followed by readings at once and for a second, and then by none', async (t) => {
  const { followUp, readings, pass } = setUp(t);
  await pass(10);
  followUp.event();
  await pass(5_000);
  assert.deepEqual(readings, [11, 61, 160, 410, 1_010]);
});

test('all but the first reading are put off a little, for many proxies see one event', async (t) => {
  const { followUp, readings, pass, random } = setUp(t);
  random.mock.mockImplementation(() => 0.999);
  followUp.event();
  await pass(5_000);
  assert.deepEqual(readings, [1, 90, 190, 440, 1_040]);
});

test('the last event counts: readings go on for a second after it', async (t) => {
  const { followUp, readings, pass } = setUp(t);
  for (let i = 0; i < 30; i++) {
    followUp.event();
    await pass(100);
  }
  await pass(5_000);
  const lastEvent = 29 * 100;
  assert.deepEqual(
    readings.filter((at) => at > lastEvent).map((at) => Math.round((at - lastEvent) / 10) * 10),
    [0, 50, 150, 400, 1_000],
  );
});

test('events in a burst share a reading, and readings keep their distance', async (t) => {
  const { followUp, readings, pass } = setUp(t);
  for (let i = 0; i < 1_000; i++) {
    followUp.event();
    followUp.event();
    await pass(1);
  }
  const distances = readings.slice(1).map((at, i) => at - (readings[i] ?? 0));
  assert.ok(Math.min(...distances) >= 50, String(distances));
  assert.ok(readings.length >= 15);
});

test('readings that change something take no more than a fifth of the time', async (t) => {
  const { followUp, readings, pass } = setUp(t, { tookMs: 80, isChange: true });
  for (let i = 0; i < 4_000; i++) {
    followUp.event();
    await pass(1);
  }
  const distances = readings.slice(1).map((at, i) => at - (readings[i] ?? 0));
  assert.ok(
    distances.every((distance) => distance >= 5 * 80 && distance <= 5 * 80 + 2),
    String(distances),
  );
});

test('a reading is never followed by another before it has ended; an event meanwhile is read after it', async (t) => {
  const { followUp, readings, pass } = setUp(t, { tookMs: 700, isChange: false });
  followUp.event();
  await pass(2);
  followUp.event();
  await pass(600);
  assert.equal(readings.length, 1);
  await pass(200);
  assert.equal(readings.length, 2);
});

test('stopped, it reads no more', async (t) => {
  const { followUp, readings, pass } = setUp(t);
  followUp.event();
  await pass(1);
  followUp.stop();
  followUp.event();
  await pass(5_000);
  assert.equal(readings.length, 1);
});

test('a cheap reading is followed after 50 ms, a costly one after four times as long, but within a second', () => {
  assert.deepEqual(
    [3, 100, 2_000].map((tookMs) => pauseAfter(tookMs, true)),
    [50, 400, 500],
  );
  assert.equal(pauseAfter(400, false), 50);
});
