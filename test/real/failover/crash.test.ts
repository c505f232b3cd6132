import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { eventually } from '../support/eventually.ts';
import { type ClientOptions, type HttpRequest, header, PROTOCOLS, requestOnce } from '../support/http-client.ts';
import { metricSum } from '../support/metrics.ts';
import { describePolled, hasStatus, type Polled, Poller } from '../support/poller.ts';

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
/** Without a probe in time: requests alone find out. */
const gateway = await startProxy(controlPlane, { extraArgs: ['--health-interval-seconds=60'] });

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const clients = PROTOCOLS.map(
  (protocol): ClientOptions => ({ url: gateway.url, protocol, ca: pki.servingCa.cert, certificate: pki.admin }),
);
const [anyClient] = clients;
assert.ok(anyClient);
for (const name of ['read', 'written']) {
  await requestOnce(anyClient, { method: 'POST', target: CONFIG_MAPS, body: { metadata: { name } } });
}

const READS: readonly HttpRequest[] = [{ target: `${CONFIG_MAPS}/read` }, { target: CONFIG_MAPS }];
const WRITES: readonly HttpRequest[] = [
  {
    method: 'PATCH',
    target: `${CONFIG_MAPS}/written`,
    headers: ['content-type', 'application/merge-patch+json'],
    body: { data: { by: 'patch' } },
  },
  { method: 'DELETE', target: `${CONFIG_MAPS}/written?dryRun=All` },
];
/** With their pauses about 500 requests a second. */
const CLIENTS_PER_PROTOCOL = 5;
/** Of all that are open when a server is killed, of which most get no further than the server. */
const MOST_CUT_OFF = CLIENTS_PER_PROTOCOL * 2;
/** Before and after the end of a server. */
const REQUESTS = 1_000;

function pollersOf(requests: readonly HttpRequest[]): Poller[] {
  return requests.flatMap((request) =>
    clients.flatMap((client) => Array.from({ length: CLIENTS_PER_PROTOCOL }, () => new Poller(client, request))),
  );
}

for (const name of ['old', 'new'] as const) {
  test(`kill -9 of ${name}, one of two capable servers, under load: no read fails, and of writes only what was sent`, async (t) => {
    const server = controlPlane.server(name);
    const [reads, writes] = [pollersOf(READS), pollersOf(WRITES)];
    const all = [...reads, ...writes];
    t.after(() => Promise.all(all.map((poller) => poller.stop())));
    const asked = () => all.reduce((sum, { polled }) => sum + polled.length, 0);
    const askMore = async () => {
      const before = asked();
      await eventually('the load goes on', async () => asked() >= before + REQUESTS);
      await Promise.all(all.map((poller) => poller.next(hasStatus(200))));
    };
    await askMore();
    await server.kill();
    await askMore();
    const failed = async (pollers: readonly Poller[]): Promise<Polled[]> => {
      const polled = await Promise.all(pollers.map((poller) => poller.stop()));
      return polled.flat().filter((one) => !hasStatus(200)(one));
    };
    const cut: string[] = [];
    /** An answer whose head was relayed when its server is killed can only end abnormally. Hardly ever is there one. */
    const notCut = (polled: readonly Polled[]) =>
      polled.filter((one) => {
        const isCut = one.kind === 'failed' && one.cut;
        if (isCut) cut.push(describePolled(one));
        return !isCut;
      });
    const failedReads = notCut(await failed(reads));
    const lost = notCut(await failed(writes));
    assert.deepEqual(failedReads.map(describePolled), []);
    assert.ok(cut.length <= MOST_CUT_OFF, cut.join('\n'));
    for (const write of lost) {
      assert.ok(write.kind === 'answer', describePolled(write));
      assert.equal(write.status, 503, describePolled(write));
      assert.equal(header(write, 'retry-after'), undefined, 'clients would repeat it');
      assert.match(write.body.toString(), /may have been executed; look before you repeat it/);
    }
    // Each connection has one request at a time: no more than that can have been sent.
    assert.ok(lost.length <= writes.length, `${lost.length} of ${writes.length}`);
    t.diagnostic(
      `${asked()} requests; ${lost.length} writes may have been executed, ${cut.length} were cut off, no other one failed`,
    );

    await server.start();
    await eventually(`the gateway sees ${name} again`, async () => {
      return (await metricSum(gateway, 'mvproxy_server_state', `server="${name}",state="ready"`)) === 1;
    });
  });
}
