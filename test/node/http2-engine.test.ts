import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENGINE_NAMES } from '../../src/wire/engine-name.ts';
import { engineOf } from '../../src/wire/engines.ts';
import { H1Client } from '../support/api-client.ts';
import { startEmbeddedControlPlane } from '../support/embedded-daemon.ts';

for (const name of ENGINE_NAMES) {
  test(`--http2-engine ${name} is spoken with clients and servers, and said in log and status`, async (t) => {
    const engines = new Set(ENGINE_NAMES.map((one) => engineOf(one)));
    const methods = [...engines].map((engine) => ({
      engine,
      serve: t.mock.method(engine, 'serve'),
      dial: t.mock.method(engine, 'dial'),
    }));
    const { client, daemon, log } = await startEmbeddedControlPlane(t, { flags: { 'http2-engine': name } });
    const answer = await (await client('h2')).request({ path: '/api/v1/namespaces/default/configmaps' });
    assert.equal(answer.status, 200);
    for (const { engine, serve, dial } of methods) {
      const isUsed = engine === engineOf(name);
      assert.deepEqual([serve.mock.callCount() > 0, dial.mock.callCount() > 0], [isUsed, isUsed], engine.name);
    }
    let entry = await log.next();
    while (entry.message !== 'listening') entry = await log.next();
    assert.equal(entry.fields['http2Engine'], name);
    const admin = new H1Client(daemon.adminAddress ?? '', { ca: '' });
    t.after(() => admin.close());
    assert.equal(JSON.parse((await admin.request({ path: '/status' })).text).http2Engine, name);
  });
}
