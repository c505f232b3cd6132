import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { engineOfTest, engineTest } from '../../test/support/engine-test.ts';
import { FRAME, frame, H2_PREFACE } from '../../test/support/h2-frames.ts';
import { connectH2Client, connectRaw, startListener, startUpstream } from '../../test/support/loopback.ts';

engineTest('a listener knows what its clients have open', async (t) => {
  const { listener, port, exchanges } = await startListener(t);
  assert.deepEqual(listener.load, { connections: { h2: 0, 'http/1.1': 0 }, streams: 0, faults: new Map() });
  const session = await connectH2Client(t, port);
  const streams = [session.request({ ':path': '/a' }), session.request({ ':path': '/b' })];
  for (const stream of streams) stream.on('error', () => {});
  const plain = await connectRaw(t, port, 'http/1.1');
  plain.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  const [first] = [await exchanges.next(), await exchanges.next(), await exchanges.next()];
  assert.deepEqual(
    [listener.load.connections, listener.load.streams],
    [{ h2: 1, 'http/1.1': 1 }, 2],
    first.head.target,
  );
  const { closed } = first.connection;
  session.destroy();
  plain.destroy();
  if (!closed.aborted) await once(closed, 'abort');
  while (listener.load.connections.h2 + listener.load.connections['http/1.1'] > 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(listener.load.streams, 0);
});

test('a connection that is ended for what its client did is counted by the code that it was told', async (t) => {
  const { listener, port } = await startListener(t, { engine: 'own' });
  const attacker = await connectRaw(t, port, 'h2');
  // DATA on a stream that nobody opened (RFC 9113 section 5.1).
  attacker.write(Buffer.concat([H2_PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.data, 0, 1, Buffer.from('x'))]));
  attacker.resume();
  await once(attacker, 'close');
  const honest = await connectH2Client(t, port);
  honest.close();
  await once(honest, 'close');
  while (listener.load.connections.h2 > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([...listener.load.faults], [['PROTOCOL_ERROR', 1]]);
});

engineTest('an upstream counts its connections', async (t) => {
  const { port, exchanges } = await startListener(t, { engine: engineOfTest(t) });
  const upstream = await startUpstream(t, port);
  assert.equal(upstream.connections, 0);
  const head = { method: 'GET', target: '/', authority: undefined, fields: [] };
  upstream.request(head, true, { inform: () => {}, respond: () => {}, failed: () => {} });
  await exchanges.next();
  assert.equal(upstream.connections, 1);
});
