import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { PROTOCOLS } from '../../support/api-client.ts';
import { sendJson } from '../../support/fake-api-server.ts';
import { Inbox } from '../../support/loopback.ts';
import { openEcho } from './support-echo.ts';
import { type FakePlane, startFakePlane } from './support-fake-plane.ts';
import { Offer } from './support-offer.ts';
import { openUpload } from './support-upload.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** Flow-control windows, and buffers of Node and of the kernel's sockets on every hop: what is on its way by design. */
const MOST_UNDER_WAY = 24 * MIB;
const MOST_GROWTH = 64 * MIB;
/** Half of the streams that one connection to a server has. */
const READERS = 50;
const LOG = '/api/v1/namespaces/default/pods/web/log?follow=true';
const UPLOAD = '/api/v1/namespaces/default/services/web/proxy/upload';

for (const protocol of PROTOCOLS) {
  test(`a reader over ${protocol} that stands still stops the server and does not grow the proxy`, async (t) => {
    const plane = await startFakePlane(t);
    const offers = new Inbox<{ readonly offer: Offer; readonly stream: ServerHttp2Stream }>();
    plane.server.handler = (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/plain' });
      offers.put({ offer: new Offer(stream, GIB), stream });
    };
    const client = await plane.client(protocol);
    const growth = await memoryGrowth(plane);
    const { body, cancel } = await client.open({ path: LOG });
    const { offer, stream } = await offers.next();

    await offer.stalled();

    assertBounded(offer.accepted, await growth());
    await readBytes(body, 128 * MIB);
    assert.ok(offer.accepted >= 128 * MIB, 'it goes on with its reader');
    const gone = once(stream, 'close');
    cancel();
    await gone;
    assert.equal(stream.rstCode, 8, 'the server is told that nobody listens (CANCEL)');
  });

  test(`a server that does not take an upload stops the client over ${protocol} and does not grow the proxy`, async (t) => {
    const plane = await startFakePlane(t);
    const arrivals = new Inbox<ServerHttp2Stream>();
    plane.server.handler = arrivals.put;
    const growth = await memoryGrowth(plane);
    const upload = await openUpload(protocol, plane, UPLOAD);
    const offer = new Offer(upload.body, 256 * MIB);
    const stream = await arrivals.next();

    await offer.stalled();

    assertBounded(offer.accepted, await growth());
    let received = 0;
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    stream.on('end', () => sendJson(stream, 201, { received }));
    assert.deepEqual(await upload.answer, { status: 201, text: `${JSON.stringify({ received: 256 * MIB })}\n` });
  });
}

test('a client that does not read its tunnel stops the server and does not grow the proxy', async (t) => {
  const plane = await startFakePlane(t);
  const offers = new Inbox<Offer>();
  plane.server.onUpgrade = (_request, socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    offers.put(new Offer(socket, GIB));
  };
  const growth = await memoryGrowth(plane);
  const tunnel = await openEcho('opaque', plane.proxy.url, { ca: plane.pki.servingCa.cert, ...plane.pki.admin });
  t.after(() => tunnel.destroy());
  const offer = await offers.next();

  await offer.stalled();

  assertBounded(offer.accepted, await growth());
  await readBytes(tunnel, 128 * MIB);
  assert.ok(offer.accepted >= 128 * MIB, 'it goes on with its reader');
});

test('readers that stand still do not stop others', async (t) => {
  const plane = await startFakePlane(t);
  const offers = new Inbox<Offer>();
  plane.server.handler = (stream, headers) => {
    if (headers[':path'] !== LOG) {
      sendJson(stream, 200, {});
      return;
    }
    stream.respond({ ':status': 200 });
    offers.put(new Offer(stream, GIB));
  };
  const slow = await plane.client('h2');
  const growth = await memoryGrowth(plane);
  const stalled: Offer[] = [];
  for (let count = 0; count < READERS; count += 1) {
    await slow.open({ path: LOG });
    stalled.push(await offers.next());
  }
  await Promise.all(stalled.map((offer) => offer.stalled()));

  for (const other of [slow, await plane.client('h2'), await plane.client('http/1.1')]) {
    const { status } = await other.request({ path: '/api/v1/namespaces/default/configmaps' });
    assert.equal(status, 200);
  }
  const accepted = stalled.reduce((sum, offer) => sum + offer.accepted, 0);
  assert.ok(accepted < READERS * 2 * MIB, `${accepted} bytes were taken although nobody reads`);
  assert.ok((await growth()) < READERS * 2 * MIB, `the proxy grew by ${await growth()} bytes`);
});

async function memoryGrowth({ proxy }: FakePlane): Promise<() => Promise<number>> {
  const before = await proxy.metric('process_resident_memory_bytes');
  return async () => (await proxy.metric('process_resident_memory_bytes')) - before;
}

function assertBounded(accepted: number, grown: number): void {
  assert.ok(accepted > 0, 'it began');
  assert.ok(accepted < MOST_UNDER_WAY, `${accepted} bytes were taken although nobody reads`);
  assert.ok(grown < MOST_GROWTH, `the proxy grew by ${grown} bytes`);
}

async function readBytes(body: Readable, count: number): Promise<void> {
  let bytes = 0;
  const enough = Promise.withResolvers<void>();
  body.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes >= count) enough.resolve();
  });
  body.once('close', () => enough.reject(new Error(`the body closed after ${bytes} of ${count} bytes`)));
  await enough.promise;
}
