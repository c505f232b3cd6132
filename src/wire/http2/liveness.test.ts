import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Liveness } from './liveness.ts';

const INTERVAL = 1000;
const TIMEOUT = 300;

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const socket = { bytesRead: 0, destroyed: false };
  const heard = { pings: 0, deaths: 0 };
  const liveness = new Liveness(
    socket as Socket,
    () => {
      heard.pings += 1;
    },
    INTERVAL,
    TIMEOUT,
    () => {
      heard.deaths += 1;
    },
  );
  t.after(() => liveness.stop());
  /** Time passes; what it settles has been heard of. */
  const pass = async (ms: number): Promise<void> => {
    t.mock.timers.tick(ms);
    await setImmediate();
  };
  const arrive = (): void => {
    socket.bytesRead += 1;
    liveness.heard();
  };
  return { liveness, socket, heard, pass, arrive };
}

test('who sends now and then is never asked', async (t) => {
  const { heard, pass, arrive } = setUp(t);
  for (let i = 0; i < 20; i += 1) {
    await pass(INTERVAL / 2);
    arrive();
  }
  assert.deepEqual(heard, { pings: 0, deaths: 0 });
});

test('silence is asked about once; any octet answers, and the next silence is asked about again', async (t) => {
  const { heard, pass, arrive } = setUp(t);
  await pass(INTERVAL);
  assert.equal(heard.pings, 1);
  await pass(TIMEOUT - 1);
  arrive();
  await pass(0);
  await pass(INTERVAL - 1);
  assert.deepEqual(heard, { pings: 1, deaths: 0 });
  await pass(1);
  assert.equal(heard.pings, 2);
});

test('who does not answer is dead, once', async (t) => {
  const { heard, pass } = setUp(t);
  await pass(INTERVAL);
  await pass(TIMEOUT - 1);
  assert.equal(heard.deaths, 0);
  await pass(1);
  assert.equal(heard.deaths, 1);
  await pass(10 * INTERVAL);
  assert.deepEqual(heard, { pings: 1, deaths: 1 });
});

test('an answer that waits in the socket while this process was held up counts', async (t) => {
  const { heard, pass, socket } = setUp(t);
  await pass(INTERVAL);
  socket.bytesRead += 1;
  await pass(TIMEOUT);
  assert.equal(heard.deaths, 0);
});

test('whoever asks gets his own answer', async (t) => {
  const { liveness, heard, pass, arrive } = setUp(t);
  const answers: boolean[] = [];
  const ask = (ms: number): void => void liveness.ask(ms).then((alive) => answers.push(alive));
  ask(10);
  ask(100);
  assert.equal(heard.pings, 2);
  await pass(10);
  assert.deepEqual(answers, [false]);
  arrive();
  await pass(0);
  assert.deepEqual(answers, [false, true]);
  ask(10);
  liveness.stop();
  await pass(0);
  assert.deepEqual(answers, [false, true, false]);
});

test('after stop nothing is asked and nobody is dead', async (t) => {
  const { liveness, heard, pass } = setUp(t);
  liveness.stop();
  await pass(10 * INTERVAL);
  assert.deepEqual(heard, { pings: 0, deaths: 0 });
});

test('nobody is dead because the connection stopped while a PING was out', async (t) => {
  const { liveness, heard, pass } = setUp(t);
  await pass(INTERVAL);
  liveness.stop();
  await pass(0);
  assert.deepEqual(heard, { pings: 1, deaths: 0 });
});

test('a stop within the turn that brought the answer is a stop', async (t) => {
  const { liveness, heard, pass, arrive } = setUp(t);
  await pass(INTERVAL);
  arrive();
  liveness.stop();
  await pass(0);
  await pass(10 * INTERVAL);
  assert.deepEqual(heard, { pings: 1, deaths: 0 });
});
