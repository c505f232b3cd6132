import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { settled } from '../../test/support/proxy-setting.ts';
import { doubling, Repeater } from './repeater.ts';

/** A task whose runs the test ends, on a clock that the test moves. */
function setUp(t: TestContext, intervalMs = 1_000, mostMs?: number) {
  let now = 0;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(performance, 'now', () => now);
  const random = t.mock.method(Math, 'random', () => 0);
  const runs: PromiseWithResolvers<boolean>[] = [];
  const repeater = new Repeater(
    () => {
      const run = Promise.withResolvers<boolean>();
      runs.push(run);
      return run.promise;
    },
    intervalMs,
    mostMs === undefined ? undefined : doubling(mostMs),
  );
  t.after(() => repeater.stop());
  return {
    repeater,
    runs,
    random,
    pass: async (milliseconds: number) => {
      now += milliseconds;
      t.mock.timers.tick(milliseconds);
      await settled();
    },
    end: async (succeeded: boolean) => {
      runs.at(-1)?.resolve(succeeded);
      await settled();
    },
  };
}

test('nothing runs before the start', async (t) => {
  const { repeater, runs, pass } = setUp(t);
  assert.equal(await repeater.now(), false);
  assert.equal(await repeater.again(), false);
  await pass(10_000);
  assert.equal(runs.length, 0);
});

test('runs at the start and then once per interval, counted from start to start', async (t) => {
  const { repeater, runs, pass, end } = setUp(t);
  repeater.start();
  await settled();
  assert.equal(runs.length, 1);
  await pass(300);
  await end(true);
  await pass(699);
  assert.equal(runs.length, 1);
  await pass(1);
  assert.equal(runs.length, 2);
});

test('never runs twice at once, however long a run takes and whoever asks', async (t) => {
  const { repeater, runs, pass, end } = setUp(t);
  repeater.start();
  await pass(60_000);
  const joined = [repeater.now(), repeater.now()];
  await settled();
  assert.equal(runs.length, 1);
  await end(true);
  assert.deepEqual(await Promise.all(joined), [true, true]);
  // It took longer than the interval, so the next one follows at once.
  await pass(0);
  assert.equal(runs.length, 2);
});

test('never runs twice at once, even when the task asks for a run itself', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let running = 0;
  let most = 0;
  const repeater: Repeater = new Repeater(async () => {
    running++;
    most = Math.max(most, running);
    if (running < 5) void repeater.now();
    await settled();
    running--;
    return true;
  }, 1_000);
  t.after(() => repeater.stop());
  repeater.start();
  assert.equal(await repeater.now(), true);
  assert.equal(most, 1);
});

test('a run that was asked for puts the next one off', async (t) => {
  const { repeater, runs, pass, end } = setUp(t);
  repeater.start();
  await settled();
  await end(true);
  await pass(600);
  void repeater.now();
  await settled();
  assert.equal(runs.length, 2);
  await end(true);
  await pass(999);
  assert.equal(runs.length, 2);
  await pass(1);
  assert.equal(runs.length, 3);
});

describe('again', () => {
  test('waits for the run under way and then runs from the beginning', async (t) => {
    const { repeater, runs, end } = setUp(t);
    repeater.start();
    await settled();
    const outcome = repeater.again();
    await settled();
    assert.equal(runs.length, 1);
    await end(true);
    assert.equal(runs.length, 2);
    await end(false);
    assert.equal(await outcome, false);
  });

  test('runs at once when nothing is under way', async (t) => {
    const { repeater, runs, end } = setUp(t);
    repeater.start();
    await settled();
    await end(true);
    const outcome = repeater.again();
    await settled();
    assert.equal(runs.length, 2);
    await end(true);
    assert.equal(await outcome, true);
  });

  test('of several callers at once makes one run for all', async (t) => {
    const { repeater, runs, end } = setUp(t);
    repeater.start();
    await settled();
    const outcomes = Promise.all([repeater.again(), repeater.again(), repeater.again()]);
    await settled();
    await end(false);
    assert.equal(runs.length, 2);
    await end(true);
    assert.deepEqual(await outcomes, [true, true, true]);
    assert.equal(runs.length, 2);
  });
});

describe('while it fails', () => {
  test('the interval doubles up to the bound, and is the first again after a success', async (t) => {
    const { repeater, runs, pass, end } = setUp(t, 1_000, 5_000);
    repeater.start();
    await settled();
    for (const pause of [2_000, 4_000, 5_000, 5_000]) {
      const before = runs.length;
      await end(false);
      await pass(pause - 1);
      assert.equal(runs.length, before);
      await pass(1);
      assert.equal(runs.length, before + 1);
    }
    const before = runs.length;
    await end(true);
    await pass(1_000);
    assert.equal(runs.length, before + 1);
  });

  test('without a bound the interval stays', async (t) => {
    const { repeater, runs, pass, end } = setUp(t);
    repeater.start();
    await settled();
    for (let run = 1; run < 4; run++) {
      await end(false);
      await pass(1_000);
      assert.equal(runs.length, run + 1);
    }
  });

  test('a task that rejects has failed, and nothing else', async (t) => {
    const { repeater, runs, pass } = setUp(t, 1_000, 5_000);
    repeater.start();
    await settled();
    const outcome = repeater.now();
    runs[0]?.reject(new Error('of the task'));
    assert.equal(await outcome, false);
    await pass(1_999);
    assert.equal(runs.length, 1);
    await pass(1);
    assert.equal(runs.length, 2);
  });

  test('a task that throws at once has failed, and nothing else', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let runs = 0;
    const repeater = new Repeater(() => {
      runs++;
      throw new Error('of the task');
    }, 1_000);
    t.after(() => repeater.stop());
    repeater.start();
    assert.equal(await repeater.now(), false);
    assert.equal(await repeater.now(), false);
    assert.equal(runs, 2);
  });
});

test('up to a sixth of the pause is left out at random, so that many proxies do not ask in step', async (t) => {
  const { repeater, runs, random, pass, end } = setUp(t, 1_200);
  random.mock.mockImplementation(() => 0.999_999);
  repeater.start();
  await settled();
  await end(true);
  await pass(999);
  assert.equal(runs.length, 1);
  await pass(2);
  assert.equal(runs.length, 2);
});

test('up to a half of the pause after a failure, which many proxies see at the same moment', async (t) => {
  const { repeater, runs, random, pass, end } = setUp(t, 1_200);
  random.mock.mockImplementation(() => 0.999_999);
  repeater.start();
  await settled();
  await end(false);
  await pass(599);
  assert.equal(runs.length, 1);
  await pass(2);
  assert.equal(runs.length, 2);
});

describe('stopped', () => {
  test('in a pause, nothing runs any more', async (t) => {
    const { repeater, runs, pass, end } = setUp(t);
    repeater.start();
    await settled();
    await end(true);
    repeater.stop();
    await pass(10_000);
    assert.equal(await repeater.now(), false);
    assert.equal(runs.length, 1);
  });

  test('in a run, no other follows', async (t) => {
    const { repeater, runs, pass, end } = setUp(t);
    repeater.start();
    await settled();
    const again = repeater.again();
    repeater.stop();
    await end(true);
    assert.equal(await again, false);
    await pass(10_000);
    assert.equal(runs.length, 1);
  });

  test('and started again, it goes on in one line', async (t) => {
    const { repeater, runs, pass, end } = setUp(t);
    repeater.start();
    await settled();
    repeater.stop();
    repeater.start();
    await settled();
    assert.equal(runs.length, 1);
    await end(true);
    await pass(1_000);
    assert.equal(runs.length, 2);
  });
});

test('how long a run has lasted can be seen while it lasts', async (t) => {
  const { repeater, pass, end } = setUp(t);
  assert.equal(repeater.busyMs, 0);
  repeater.start();
  await pass(300);
  assert.equal(repeater.busyMs, 300);
  await end(true);
  assert.equal(repeater.busyMs, 0);
});
