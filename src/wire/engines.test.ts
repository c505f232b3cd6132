import assert from 'node:assert/strict';
import { test } from 'node:test';
import { variable } from '../../test/support/environment.ts';
import { connectH2Client, get, Receiver, startListener, startUpstream } from '../../test/support/loopback.ts';
import { defaultEngine, ENGINE_NAMES, ENGINE_VARIABLE } from './engine-name.ts';
import { engineOf } from './engines.ts';

for (const name of ENGINE_NAMES) {
  test(`a listener and an upstream that name the engine ${name} use it`, async (t) => {
    const engine = engineOf(name);
    const serve = t.mock.method(engine, 'serve');
    const dial = t.mock.method(engine, 'dial');
    const { port } = await startListener(t, {
      engine: name,
      handler: (exchange) => void exchange.respond({ status: 204, fields: [] }, true),
    });
    await connectH2Client(t, port);
    assert.deepEqual([serve.mock.callCount(), dial.mock.callCount()], [1, 0]);
    const receiver = new Receiver();
    (await startUpstream(t, port, { engine: name })).request(get('/'), true, receiver);
    assert.equal((await receiver.answer).head.status, 204);
    assert.deepEqual([serve.mock.callCount(), dial.mock.callCount()], [2, 1]);
  });
}

test('whoever names no engine gets that of the environment, else our own', (t) => {
  const setEngine = variable(t, ENGINE_VARIABLE);
  setEngine(undefined);
  assert.equal(defaultEngine(), 'own');
  for (const name of ENGINE_NAMES) {
    setEngine(name);
    assert.equal(engineOf(), engineOf(name));
  }
  setEngine('');
  assert.equal(defaultEngine(), 'own');
  setEngine('nghttp2');
  assert.throws(() => engineOf(), /^TypeError: MVPROXY_HTTP2_ENGINE must be own or node, not "nghttp2"; unset it/);
});
