import assert from 'node:assert/strict';
import type { ServerHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { connectClient, H2Client, PROTOCOLS } from '../support/api-client.ts';
import { type EmbeddedControlPlane, startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { startListener, testPki } from '../support/loopback.ts';
import { WatchLines } from '../support/watch-lines.ts';

const HOUR_MS = 3_600_000;
/** Shorter than any timer of the proxy, so that no two of them fire without the network having its turn in between. */
const STEP_MS = 250;
/** Turns of the event loop without a byte after which nothing is on its way: within one process a hop takes two. */
const QUIET_TURNS = 8;
/** The proxy asks a silent server every 2 s and waits a second for the verdict, a silent client every 30 s and 15 s. */
const SERVER_PINGS = HOUR_MS / 3_000;
const CLIENT_PINGS = HOUR_MS / 45_000;
const EVENT = '{"type":"ADDED"}';
const PATH = '/apis/resource.k8s.io/v1/devicetaintrules?watch=true';

/**
 * Every timer of the proxy's own is driven by the mocked clock, while sockets and TLS are real. Timers inside Node are
 * not driven; the second test is for those.
 */
test('a watch through the proxy that is idle for an hour stays open and then delivers its event', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.now() });
  const flags = {
    'discovery-interval-seconds': '60',
    'discovery-stale-after-seconds': '600',
    'health-interval-seconds': '10',
  };
  const plane = await startEmbeddedControlPlane(t, { flags });
  const served: ServerHttp2Stream[] = [];
  plane.new.handler = (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    served.push(stream);
  };
  const pings = { server: 0, client: 0 };
  const watches: WatchLines[] = [];
  for (const protocol of PROTOCOLS) {
    const client = await plane.client(protocol);
    if (client instanceof H2Client) client.session.on('ping', () => pings.client++);
    const { status, body } = await client.open({ path: PATH });
    assert.equal(status, 200);
    watches.push(new WatchLines(body));
  }
  served[0]?.session?.on('ping', () => pings.server++);

  for (let passed = 0; passed < HOUR_MS; passed += STEP_MS) {
    t.mock.timers.tick(STEP_MS);
    await untilQuiet(plane);
  }

  for (const stream of served) stream.write(`${EVENT}\n`);
  for (const watch of watches) {
    await watch.until(1);
    assert.deepEqual(watch.lines, [EVENT]);
  }
  assert.equal(served.length, watches.length, 'no watch was opened again');
  assert.ok(pings.server >= SERVER_PINGS - 2, `${pings.server} PINGs to the server`);
  assert.ok(pings.client >= CLIENT_PINGS - 2, `${pings.client} PINGs to the client`);
  t.mock.timers.reset();
});

/** Node closes connections by timers of its own, whose lengths follow from the limits: here each of them passes many times. */
test('a response that idles for many times every limit of the listener stays open', async (t) => {
  const { ca } = await testPki();
  // No shorter than what a busy machine takes to connect and to send a head.
  const limits = { headMs: 500, bodyIdleMs: 500, connectionIdleMs: 500, handshakeMs: 2_000, pingIntervalMs: 500 };
  const { port, exchanges } = await startListener(t, { limits });
  const opened = [];
  for (const protocol of PROTOCOLS) {
    const client = await connectClient(protocol, `https://127.0.0.1:${port}`, { ca: ca.cert });
    t.after(() => client.close());
    const answer = client.open({ path: PATH });
    const sink = (await exchanges.next()).respond({ status: 200, fields: [] }, false);
    opened.push({ sink, watch: new WatchLines((await answer).body) });
  }
  // No synchronisation: the time that passes is what is tested.
  await delay(5_000);
  for (const { sink, watch } of opened) {
    sink.write(Buffer.from(`${EVENT}\n`));
    await watch.until(1);
    assert.deepEqual(watch.lines, [EVENT]);
  }
});

/** Lets everything arrive that is on its way between the proxy and its servers. */
async function untilQuiet({ old, new: other }: EmbeddedControlPlane): Promise<void> {
  let seen = -1;
  for (let silent = 0; silent < QUIET_TURNS; silent += 1) {
    await nextTurn();
    let bytes = 0;
    for (const socket of [...old.sockets, ...other.sockets]) bytes += socket.bytesRead + socket.bytesWritten;
    if (bytes !== seen) silent = 0;
    seen = bytes;
  }
}
