import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { bodyEnd, PROTOCOLS } from '../../support/api-client.ts';
import type { FakeApiServer } from '../../support/fake-api-server.ts';
import { Inbox, readToEnd } from '../../support/loopback.ts';
import { startFakePlane } from './support-fake-plane.ts';
import { openUpload } from './support-upload.ts';

const WATCH = '/api/v1/configmaps?watch=true';
const CANCEL = 8;
const INTERNAL_ERROR = 2;

/** How a server's answer can break off. */
const BREAKS: readonly {
  readonly title: string;
  readonly breakOff: (stream: ServerHttp2Stream, server: FakeApiServer) => void;
}[] = [
  { title: 'resets the stream', breakOff: (stream) => stream.close(INTERNAL_ERROR) },
  { title: 'closes its connection', breakOff: (_stream, server) => server.breakConnections() },
  { title: 'says goodbye and closes its connection', breakOff: goodbye },
];

for (const protocol of PROTOCOLS) {
  for (const { title, breakOff } of BREAKS) {
    for (const fields of [{}, { 'content-length': '100' }]) {
      const length = 'content-length' in fields ? 'of known length' : 'of unknown length';
      test(`a server that ${title} amid an answer ${length} gives the client over ${protocol} an abnormal end`, async (t) => {
        const plane = await startFakePlane(t);
        const arrivals = new Inbox<ServerHttp2Stream>();
        plane.server.handler = arrivals.put;
        const opening = (await plane.client(protocol)).open({ path: WATCH });
        const stream = await arrivals.next();
        beginAnswer(stream, fields);
        stream.write('{"type":"ADDED"}\n');
        const { body } = await opening;
        let text = '';
        const first = once(body, 'data');
        body.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        await first;

        breakOff(stream, plane.server);

        const end = await bodyEnd(body);
        assert.equal(text, '{"type":"ADDED"}\n', 'what came before is delivered');
        assert.equal(end.kind, 'broken');
      });
    }
  }

  test(`a client over ${protocol} that leaves resets its stream at the server, before and amid the answer`, async (t) => {
    const plane = await startFakePlane(t);
    const arrivals = new Inbox<ServerHttp2Stream>();
    plane.server.handler = arrivals.put;

    const answered = (await plane.client(protocol)).open({ path: WATCH });
    const amid = await arrivals.next();
    beginAnswer(amid);
    amid.write('{}\n');
    const amidGone = once(amid, 'close');
    (await answered).cancel();
    await amidGone;
    assert.equal(amid.rstCode, CANCEL);

    const impatient = await plane.client(protocol);
    const unanswered = impatient.open({ path: WATCH });
    const before = await arrivals.next();
    const beforeGone = once(before, 'close');
    impatient.close();
    await assert.rejects(unanswered);
    await beforeGone;
    assert.equal(before.rstCode, CANCEL);
  });

  test(`a client over ${protocol} that leaves amid its upload resets it at the server`, async (t) => {
    const plane = await startFakePlane(t);
    const arrivals = new Inbox<ServerHttp2Stream>();
    plane.server.handler = arrivals.put;
    const upload = await openUpload(protocol, plane, '/api/v1/namespaces/default/configmaps');
    upload.body.write('{"half":');
    const stream = await arrivals.next();
    const gone = once(stream, 'close');
    await once(stream, 'data');

    upload.body.destroy();

    await assert.rejects(upload.answer);
    await gone;
    assert.equal(stream.rstCode, CANCEL, 'half a body must not look like a whole one');
    assert.equal(stream.aborted, true);
  });
}

test('a chunked answer that breaks off has no terminating chunk, and its connection is closed', async (t) => {
  const plane = await startFakePlane(t);
  const arrivals = new Inbox<ServerHttp2Stream>();
  plane.server.handler = arrivals.put;
  const { hostname, port } = new URL(plane.proxy.url);
  const { servingCa, admin } = plane.pki;
  const client = connect({ host: hostname, port: Number(port), ca: servingCa.cert, cert: admin.cert, key: admin.key });
  client.on('error', () => {});
  await once(client, 'secureConnect');
  client.write(`GET ${WATCH} HTTP/1.1\r\nHost: api\r\n\r\n`);
  const stream = await arrivals.next();
  beginAnswer(stream);
  stream.write('{}\n');
  const chunk = Promise.withResolvers<void>();
  let heard = '';
  client.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1');
    // The head may come alone.
    if (heard.includes('{}\n')) chunk.resolve();
  });
  const whole = readToEnd(client);
  await chunk.promise;

  stream.close(INTERNAL_ERROR);

  const answer = await whole;
  assert.match(answer, /\r\ntransfer-encoding: chunked\r\n/i);
  assert.match(answer, /\r\n3\r\n\{\}\n\r\n$/, 'the one chunk, and nothing after it');
});

/** Node ends a response before it resets the stream, unless trailers may follow; a real server just resets it. */
function beginAnswer(stream: ServerHttp2Stream, fields: OutgoingHttpHeaders = {}): void {
  stream.respond({ ':status': 200, ...fields }, { waitForTrailers: true });
}

/** As kube-apiserver ends: GOAWAY first, what is still open then is cut off. */
function goodbye({ session }: ServerHttp2Stream, server: FakeApiServer): void {
  session?.goaway();
  session?.ping(() => server.breakConnections());
}
