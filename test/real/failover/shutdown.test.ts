import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect } from 'node:http2';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeApiserver } from '../../../src/lab/control-plane/kube-apiserver.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { eventually } from '../support/eventually.ts';
import { type ClientOptions, type HttpRequest, header, PROTOCOLS, requestOnce } from '../support/http-client.ts';
import { metricSum } from '../support/metrics.ts';
import { describePolled, hasStatus, type Polled, Poller } from '../support/poller.ts';

const DELAY_MS = 1_000;
const extraArgs = [`--shutdown-delay-duration=${DELAY_MS}ms`, '--shutdown-send-retry-after=true'];
const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4', extraArgs },
    { name: 'new', version: '1.37.2', extraArgs },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
/**
 * It hears too late that a server leaves, neither by a probe nor by the server's Lease, which newer ones delete first: what it
 * asks such a server has to be answered by the other one.
 */
const gateway = await startProxy(controlPlane, {
  extraArgs: ['--health-interval-seconds=60', '--discovery-watch=false'],
});

const SHUTTING_DOWN = 'The apiserver is shutting down, please try again later.';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
/** No server has seen it: kube-apiserver waits 3 s for it, and a server that shuts down waits for its requests. */
const FUTURE = `${CONFIG_MAPS}?resourceVersion=9999999`;

const directly = (server: KubeApiserver, protocol: ClientOptions['protocol']): ClientOptions => ({
  url: server.url,
  protocol,
  ca: pki.servingCa.cert,
  certificate: pki.admin,
});
const clients = PROTOCOLS.map(
  (protocol): ClientOptions => ({ url: gateway.url, protocol, ca: pki.servingCa.cert, certificate: pki.admin }),
);

const LOAD: Readonly<Record<string, HttpRequest & { readonly expected: number }>> = {
  GET: { target: '/api/v1/namespaces/default', expected: 200 },
  LIST: { target: CONFIG_MAPS, expected: 200 },
  WATCH: { target: `${CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion=0`, expected: 200 },
  POST: {
    method: 'POST',
    target: CONFIG_MAPS,
    body: { metadata: { generateName: 'posted-' } },
    expected: 201,
  },
  PATCH: {
    method: 'PATCH',
    target: `${CONFIG_MAPS}/kept`,
    headers: ['content-type', 'application/merge-patch+json'],
    body: { data: { by: 'patch' } },
    expected: 200,
  },
  DELETE: { method: 'DELETE', target: `${CONFIG_MAPS}/kept?dryRun=All`, expected: 200 },
};
/** More connections than servers: some of each kind prefer the server that ends. */
const CLIENTS_PER_PROTOCOL = 2;

const [anyClient] = clients;
assert.ok(anyClient);
await requestOnce(anyClient, { method: 'POST', target: CONFIG_MAPS, body: { metadata: { name: 'kept' } } });

/** The first status but 200 on a connection that stays; undefined: it ended without one. */
async function firstRefusal(session: ClientHttp2Session): Promise<number | undefined> {
  for (;;) {
    const status = await new Promise<number | undefined>((resolve) => {
      if (session.closed || session.destroyed) resolve(undefined);
      const stream = session.request({ ':path': '/version' });
      stream.on('error', () => resolve(undefined));
      stream.on('response', (headers) => resolve(headers[':status']));
      stream.resume();
    }).catch(() => undefined);
    if (status !== 200) return status;
    await delay(20);
  }
}

/** What the server itself answers from SIGTERM to its end, and the moments that put it in order. */
async function watchedStop(server: KubeApiserver): Promise<{ readonly refusals: Polled[] }> {
  const direct = PROTOCOLS.map((protocol) => new Poller(directly(server, protocol), { target: '/version' }));
  const session = connect(server.url, { ca: pki.servingCa.cert, ...pki.admin });
  session.on('error', () => {});
  let goawayAt = Number.POSITIVE_INFINITY;
  session.once('goaway', () => {
    goawayAt = performance.now();
  });
  await Promise.all(direct.map((poller) => poller.next(hasStatus(200))));
  const stopped = server.stop('SIGTERM');
  let isRefused = false;
  const refused = firstRefusal(session).finally(() => {
    isRefused = true;
  });
  /** These keep it from ending, so that it goes on to turn others away. */
  const slow: Promise<number>[] = [];
  while (!isRefused) {
    const done = requestOnce(directly(server, 'http/1.1'), { target: FUTURE });
    slow.push(done.then(({ status }) => (status === 504 ? performance.now() : 0)).catch(() => 0));
    await delay(100);
  }
  const status = await refused;
  await stopped;
  const slowDoneAt = Math.max(...(await Promise.all(slow)));
  assert.equal(status, 429, 'over a kept HTTP/2 connection');
  assert.ok(goawayAt < slowDoneAt, 'what is Connection: close over HTTP/1.1 is GOAWAY over HTTP/2');
  const polled = await Promise.all(direct.map((poller) => poller.stop()));
  session.destroy();
  return { refusals: polled.flat().filter(hasStatus(429)) };
}

for (const name of ['old', 'new'] as const) {
  test(`what kube-apiserver ${controlPlane.server(name).version} turns away while it shuts down, the other server answers`, async (t) => {
    const server = controlPlane.server(name);
    const movedBefore = await metricSum(gateway, 'mvproxy_retries_total', 'cause="shutting-down"');
    const load = Object.entries(LOAD).flatMap(([verb, { expected, ...request }]) =>
      clients.flatMap((client) =>
        Array.from({ length: CLIENTS_PER_PROTOCOL }, () => ({ verb, expected, poller: new Poller(client, request) })),
      ),
    );
    t.after(() => Promise.all(load.map(({ poller }) => poller.stop())));
    await Promise.all(load.map(({ poller, expected }) => poller.next(hasStatus(expected))));

    const { refusals } = await watchedStop(server);

    await Promise.all(load.map(({ poller, expected }) => poller.next(hasStatus(expected))));
    let asked = 0;
    for (const { verb, expected, poller } of load) {
      const polled = await poller.stop();
      asked += polled.length;
      const failed = polled.filter((one) => !hasStatus(expected)(one));
      assert.deepEqual(failed.map(describePolled), [], verb);
    }
    assert.ok(refusals.length > 0);
    for (const refusal of refusals) {
      assert.ok(refusal.kind === 'answer');
      assert.equal(refusal.body.toString().trim(), SHUTTING_DOWN);
      assert.equal(header(refusal, 'retry-after'), '5');
      assert.match(header(refusal, 'content-type') ?? '', /^text\/plain/);
    }
    const moved = (await metricSum(gateway, 'mvproxy_retries_total', 'cause="shutting-down"')) - movedBefore;
    assert.ok(moved > 0, 'the proxy met such answers');
    t.diagnostic(
      `${asked} requests, ${moved} of them moved, none failed; ${refusals.length} sent directly were refused`,
    );

    await server.start();
    await eventually(`the gateway sees ${name} again`, async () => {
      return (await metricSum(gateway, 'mvproxy_server_state', `server="${name}",state="ready"`)) === 1;
    });
  });
}

test('a resource version that no server has seen is asked of two, and told as the second one says it', async () => {
  const before = await metricSum(gateway, 'mvproxy_retries_total', 'cause="behind"');
  const forms = ['application/json', 'application/vnd.kubernetes.protobuf'];
  const answers = await Promise.all(
    forms.map((accept) => requestOnce(anyClient, { target: FUTURE, headers: ['accept', accept] })),
  );
  for (const [i, answer] of answers.entries()) {
    assert.equal(answer.status, 504);
    assert.equal(header(answer, 'content-type'), forms[i]);
    assert.equal(header(answer, 'retry-after'), '1');
    assert.match(answer.body.toString('latin1'), /ResourceVersionTooLarge/);
  }
  assert.equal(await metricSum(gateway, 'mvproxy_retries_total', 'cause="behind"'), before + forms.length);
});
