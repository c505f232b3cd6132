import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { H2Client } from '../support/api-client.ts';
import { startEmbeddedControlPlane } from '../support/embedded-daemon.ts';
import { type StreamHandler, sendJson } from '../support/fake-api-server.ts';

/** Both servers serve it; the older one is local and is asked first. */
const PATH = '/api/v1/namespaces/default/configmaps';
const BODY = JSON.stringify({ kind: 'ConfigMap', metadata: { name: 'once' } });
const REFUSED_STREAM = 7;
const KIB = 1024;

/** How a server can make sure that it did not act on a request. */
const REFUSALS: readonly { readonly title: string; readonly refuse: (stream: ServerHttp2Stream) => void }[] = [
  { title: 'refuses the stream', refuse: (stream) => stream.close(REFUSED_STREAM) },
  { title: 'says GOAWAY below the stream', refuse: goaway },
];

for (const { title, refuse } of REFUSALS) {
  test(`a POST that a server ${title} of is sent again to it, with its whole body`, async (t) => {
    const plane = await startEmbeddedControlPlane(t);
    const bodies: string[] = [];
    plane.old.handler = async (stream) => {
      const body = (await buffer(stream)).toString();
      bodies.push(body);
      if (bodies.length === 2) refuse(stream);
      else sendJson(stream, body === '' ? 200 : 201, {});
    };
    const client = await plane.client();
    assert.equal((await client.request({ path: '/logs/' })).status, 200);
    const answer = await client.request({ method: 'POST', path: PATH, body: BODY });
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(bodies, ['', BODY, BODY]);
    assert.deepEqual(plane.new.requests, []);
  });
}

test('a POST that a server refuses again and again goes to the other one, with its whole body', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  plane.old.handler = async (stream) => {
    await buffer(stream);
    stream.close(REFUSED_STREAM);
  };
  let replayed = '';
  plane.new.handler = async (stream) => {
    replayed = (await buffer(stream)).toString();
    sendJson(stream, 201, { servedBy: 'new' });
  };
  const answer = await (await plane.client()).request({ method: 'POST', path: PATH, body: BODY });
  assert.equal(answer.status, 201, answer.text);
  assert.equal(JSON.parse(answer.text).servedBy, 'new');
  assert.equal(replayed, BODY);
});

test('requests for a server that nobody listens for go to the other one at once', async (t) => {
  const plane = await startEmbeddedControlPlane(t, { flags: { 'health-interval-seconds': '60' } });
  const client = await plane.client();
  await plane.old.stop();
  plane.new.handler = async (stream) => {
    const body = (await buffer(stream)).toString();
    sendJson(stream, 200, { servedBy: 'new', body });
  };
  for (const request of [{ path: PATH }, { method: 'POST', path: PATH, body: BODY }]) {
    const answer = await client.request(request);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(JSON.parse(answer.text), { servedBy: 'new', body: request.body ?? '' });
  }
});

test('a POST whose outcome nobody knows is not sent again; a GET is', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  plane.old.handler = async (stream) => {
    await buffer(stream);
    plane.old.breakConnections();
  };
  const posted = await client.request({ method: 'POST', path: PATH, body: BODY });
  assert.ok(posted.status >= 500, posted.text);
  assert.equal(posted.headers['retry-after'], undefined, 'clients repeat by themselves what carries Retry-After');
  assert.match(JSON.parse(posted.text).message, /may have been executed/);
  assert.deepEqual(plane.new.requests, []);

  const read = await client.request({ path: PATH });
  assert.equal(read.status, 200, read.text);
  assert.equal(JSON.parse(read.text).servedBy, 'new');
});

test('a POST that is too large to be kept is not sent again in part', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  assert.ok(client instanceof H2Client);
  plane.old.handler = (stream) => {
    let received = 0;
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received >= 512 * KIB) stream.close(REFUSED_STREAM);
    });
  };
  const stream = client.stream({ method: 'POST', path: PATH }, false);
  const head = once(stream, 'response');
  stream.write(Buffer.alloc(1024 * KIB));
  const [headers]: unknown[] = await head;
  assert.equal(Object(headers)[':status'], 503);
  assert.equal(Object(headers)['retry-after'], '1', 'nothing was executed');
  assert.deepEqual(plane.new.requests, []);
});

test('retries are a small share of the requests, so that no failure is multiplied', async (t) => {
  const plane = await startEmbeddedControlPlane(t);
  const client = await plane.client();
  const refuse: StreamHandler = (stream) => stream.close(REFUSED_STREAM);
  plane.old.handler = refuse;
  plane.new.handler = refuse;
  const requests = 1_000;
  for (let count = 0; count < requests; count += 1) {
    assert.equal((await client.request({ path: PATH })).status, 503);
  }
  const sent = plane.old.requests.length + plane.new.requests.length;
  assert.ok(sent > requests, 'some are retried');
  assert.ok(sent < requests * 1.25, `${sent} for ${requests}: a tenth, and what is saved up in quiet times`);
});

/** Node takes 0 for "the last one", so the stream must not be the first of its connection. */
function goaway({ session, id = 0 }: ServerHttp2Stream): void {
  assert.ok(id > 1);
  session?.goaway(0, id - 2);
}
