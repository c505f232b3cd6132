import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { PROTOCOLS } from '../../support/api-client.ts';
import { Inbox } from '../../support/loopback.ts';
import { startFakePlane } from './support-fake-plane.ts';
import { hear } from './support-heard.ts';

const PATH = '/api/v1/namespaces/default/services/web/proxy/form';

interface Arrival {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
}

for (const protocol of PROTOCOLS) {
  test(`messages keep their form through the proxy, with a client that speaks ${protocol}`, async (t) => {
    const plane = await startFakePlane(t);
    const arrivals = new Inbox<Arrival>();
    plane.server.handler = (stream, headers) => arrivals.put({ stream, headers });

    await t.test('a HEAD has the length of what GET would bring, and no body', async () => {
      const heard = hear(protocol, plane, { method: 'HEAD', path: PATH });
      const { stream, headers } = await arrivals.next();
      assert.equal(headers[':method'], 'HEAD');
      stream.respond({ ':status': 200, 'content-length': '1234' }, { endStream: true });
      const { headers: answered, body } = await heard;
      assert.equal(answered['content-length'], '1234');
      assert.equal(body.length, 0);
    });

    await t.test('an answer keeps its trailers', async () => {
      const heard = hear(protocol, plane, { method: 'GET', path: PATH, headers: { te: 'trailers' } });
      const { stream } = await arrivals.next();
      stream.respond({ ':status': 200, trailer: 'x-checksum' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-checksum': 'abc' }));
      stream.end('body');
      const { body, trailers } = await heard;
      assert.equal(body.toString(), 'body');
      assert.equal(trailers['x-checksum'], 'abc');
    });

    await t.test('a request keeps its body and its trailers', async () => {
      const body = 'two halves';
      const heard = hear(protocol, plane, { method: 'POST', path: PATH, body, trailers: { 'x-checksum': 'def' } });
      const { stream } = await arrivals.next();
      const trailers = once(stream, 'trailers');
      assert.equal((await buffer(stream)).toString(), body);
      const [fields]: unknown[] = await trailers;
      assert.equal(Object(fields)['x-checksum'], 'def');
      stream.respond({ ':status': 204 }, { endStream: true });
      assert.equal((await heard).status, 204);
    });

    await t.test('an early hint (103) comes before the answer', async () => {
      const heard = hear(protocol, plane, { method: 'GET', path: PATH });
      const { stream } = await arrivals.next();
      stream.additionalHeaders({ ':status': 103, link: '</style>; rel=preload' });
      stream.respond({ ':status': 200 });
      stream.end('late');
      const { informed, status, body } = await heard;
      assert.deepEqual(informed, [{ status: 103, link: '</style>; rel=preload' }]);
      assert.equal(status, 200);
      assert.equal(body.toString(), 'late');
    });

    await t.test('a client that waits for 100 gets it, and then its body arrives', async () => {
      const heard = hear(protocol, plane, {
        method: 'POST',
        path: PATH,
        headers: { expect: '100-continue' },
        body: 'worth sending',
      });
      const { stream } = await arrivals.next();
      assert.equal((await buffer(stream)).toString(), 'worth sending');
      stream.respond({ ':status': 201 }, { endStream: true });
      assert.equal((await heard).status, 201);
    });
  });
}
