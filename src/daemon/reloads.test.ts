import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { settled } from '../../test/support/proxy-setting.ts';
import { UnprovenError } from './proven-registry.ts';
import { Reloads } from './reloads.ts';

/** Outcomes of the reloads to come; without one they succeed. */
function setUp(t: TestContext, ...outcomes: readonly (Error | undefined)[]) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const did = { reloads: 0, told: 0 };
  const reloads = new Reloads(
    async () => {
      const outcome = outcomes[did.reloads++];
      if (outcome !== undefined) throw outcome;
    },
    () => did.told++,
  );
  const pass = async (milliseconds: number) => {
    t.mock.timers.tick(milliseconds);
    await settled();
  };
  return { reloads, did, pass };
}

test('what no server was reached with is tried again every ten seconds, until one is', async (t) => {
  const { reloads, did, pass } = setUp(t, new UnprovenError(), new UnprovenError());
  await assert.rejects(reloads.now(), UnprovenError);
  await pass(9_999);
  assert.equal(did.reloads, 1);
  await pass(1);
  await pass(10_000);
  await pass(60_000);
  assert.deepEqual([did, reloads.errors], [{ reloads: 3, told: 1 }, 2]);
});

test('files that cannot be used are left alone until somebody corrects them', async (t) => {
  const { reloads, did, pass } = setUp(t, new Error('no certificate in it'));
  await assert.rejects(reloads.now(), /no certificate/);
  await pass(60_000);
  assert.deepEqual([did, reloads.errors], [{ reloads: 1, told: 1 }, 1]);
});

test('a change in between takes the place of the repetition', async (t) => {
  const { reloads, did, pass } = setUp(t, new UnprovenError());
  await assert.rejects(reloads.now());
  await reloads.now();
  await pass(60_000);
  assert.equal(did.reloads, 2);
});

test('nothing is tried again after the end', async (t) => {
  const { reloads, did, pass } = setUp(t, new UnprovenError());
  await assert.rejects(reloads.now());
  reloads.stop();
  await pass(60_000);
  assert.equal(did.reloads, 1);
});

test('one after the other', async () => {
  const order: string[] = [];
  const reloads = new Reloads(
    async () => {
      order.push('begin');
      await settled();
      order.push('end');
    },
    () => {},
  );
  await Promise.all([reloads.now(), reloads.now()]);
  assert.deepEqual(order, ['begin', 'end', 'begin', 'end']);
});
