import assert from 'node:assert/strict';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import { engineTest } from '../../test/support/engine-test.ts';
import { get, listenOnLoopback, Receiver, startUpstream, testPki } from '../../test/support/loopback.ts';

engineTest('a peer that answered while this process was held up is not taken for dead', async (t) => {
  const { server: tls } = await testPki();
  const origin = createSecureServer(tls);
  const sessions: ServerHttp2Session[] = [];
  origin.on('session', (session) => sessions.push(session));
  origin.on('stream', (stream) => stream.respond({ ':status': 200 }, { endStream: true }));
  const port = await listenOnLoopback(t, origin);
  t.after(() => {
    for (const session of sessions) session.destroy();
  });
  const lost: string[] = [];
  const upstream = await startUpstream(t, port, {
    pingIntervalMs: 50,
    pingTimeoutMs: 100,
    onEvent: ({ kind }) => void (kind === 'connection-lost' && lost.push(kind)),
  });
  const first = new Receiver();
  upstream.request(get('/'), true, first);
  await first.answer;
  // The PING goes out, its answer comes, and both its timer and its bytes are due when this is over.
  await new Promise<void>((resolve) => sessions[0]?.once('ping', () => resolve()));
  const until = performance.now() + 300;
  while (performance.now() < until);
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  const second = new Receiver();
  upstream.request(get('/'), true, second);
  assert.equal((await second.answer).head.status, 200);
  assert.deepEqual([lost, sessions.length], [[], 1]);
});
