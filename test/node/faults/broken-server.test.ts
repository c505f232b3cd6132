import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sendJson } from '../../support/fake-api-server.ts';
import { FRAME, frame } from '../../support/h2-frames.ts';
import { until } from '../support/running-lab.ts';
import { askUntil, type FaultyPlane, ONLY_NEW, SHARED, servedBy, startFaultyPlane } from './faulty-plane.ts';

const TIMEOUT = { timeout: 120_000 };
/** The near server answers probes whenever this process runs. */
const NEVER_SILENT = { flags: { 'health-timeout-seconds': '30' } };
const settings = frame(FRAME.settings, 0, 0);

/** What listens in the place of the near server, and what is said of it. */
const STRANGERS: readonly {
  readonly title: string;
  readonly listen: (plane: FaultyPlane) => Promise<number>;
  readonly condition: RegExp;
}[] = [
  {
    title: 'accepts connections and never says a word',
    listen: ({ rawTcp }) => rawTcp(() => {}),
    condition: /not answered completely within|in time/,
  },
  {
    title: 'completes TLS and never speaks HTTP/2',
    listen: async ({ pki, rawTls }) => rawTls(await pki.serving('near', '127.0.0.1'), () => {}),
    condition: /not answered completely within|in time/,
  },
  {
    title: 'begins HTTP/2 and never answers a request',
    listen: async ({ pki, rawTls }) =>
      rawTls(await pki.serving('near', '127.0.0.1'), (socket) => void socket.write(settings)),
    condition: /not answered completely within|PING timed out/,
  },
  {
    title: 'does not speak TLS',
    listen: ({ rawTcp }) => rawTcp((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    condition: /does the port speak TLS/,
  },
  {
    title: 'closes every connection at once',
    listen: ({ rawTcp }) => rawTcp((socket) => void socket.destroy()),
    condition: /closed the connection during set-up/,
  },
  {
    title: 'closes every connection once it is made',
    listen: async ({ pki, rawTls }) =>
      rawTls(await pki.serving('near', '127.0.0.1'), (socket) => void socket.end(settings)),
    condition: /was lost|closed the connection/,
  },
];

describe('in the place of a server something listens that', TIMEOUT, () => {
  for (const { title, listen, condition } of STRANGERS) {
    test(`${title}: it gets no requests, /status says why, and the server serves when it is back`, async (t) => {
      const plane = await startFaultyPlane(t, { far: '1.34.4' });
      const { near, client } = plane;
      const port = await listen(plane);

      near.reroute(port);

      const out = plane.becomes(near, 'unready', condition);
      const answers = await askUntil(plane, SHARED, out);
      for (const answer of answers.filter(({ status }) => status === 200))
        assert.ok(['near', 'far'].includes(servedBy(answer)));
      assert.equal(await plane.answering(SHARED), 'far');
      for (let times = 0; times < 20; times += 1) {
        const { status, headers } = await client.request({ path: ONLY_NEW });
        assert.deepEqual([status, headers['retry-after']], [503, '1']);
      }

      near.reroute();

      await askUntil(plane, ONLY_NEW, plane.becomes(near, 'ready'));
      assert.equal(await plane.answering(ONLY_NEW), 'near');
      await plane.assertNothingLeft();
    });
  }
});

describe('a server that', TIMEOUT, () => {
  test('breaks every answer off after its head: no client sees a clean end', async (t) => {
    const plane = await startFaultyPlane(t, NEVER_SILENT);
    const { near, client } = plane;
    near.fake.handler = (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.write('{"servedBy":"ne');
      // Node would end the body before it resets the stream.
      stream.end = () => stream;
      setImmediate(() => stream.close(2));
    };
    for (let times = 0; times < 100; times += 1) {
      const { end } = await client.request({ path: SHARED });
      assert.equal(end.kind, 'broken');
    }
    await until(
      () => plane.statusOf(near),
      ({ openExchanges }) => openExchanges === 0,
    );
    await plane.assertNothingLeft();
  });

  test('says GOAWAY after every answer: every request is answered, and connections do not pile up', async (t) => {
    const plane = await startFaultyPlane(t, NEVER_SILENT);
    const { near, client } = plane;
    near.fake.handler = (stream) => {
      sendJson(stream, 200, { servedBy: 'near' });
      // As kube-apiserver's --goaway-chance has it: what is open is finished first.
      stream.session?.close();
    };
    let most = 0;
    for (let round = 0; round < 20; round += 1) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => client.request({ path: SHARED })));
      for (const answer of answers) assert.equal(servedBy(answer), 'near');
      most = Math.max(most, near.fake.sockets.size);
    }
    assert.ok(most < 40, `${most} connections at a time`);
    await plane.assertNothingLeft();
  });
});
