import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { type ApiClient, connectClient, H2Client, PROTOCOLS, type Protocol } from '../../support/api-client.ts';
import { WatchLines } from '../../support/watch-lines.ts';
import { type ChurnedType, CONFIG_MAPS, churn, DEVICE_TAINT_RULES, EVENTS_PER_OBJECT } from './support-churn.ts';

const EVENTS = 10_000;
const WORKERS = 20;
/** Far fewer events than kube-apiserver keeps for one watcher. */
const OBJECTS_AT_A_TIME = 10;
const WATCHES = 300;
const MAX_STREAMS = 100;

describe('watches through the proxy, whose local server lacks what the other one has', () => {
  let controlPlane: ControlPlane;
  let proxy: ProxyProcess;
  const clients: ApiClient[] = [];

  before(async () => {
    const servers = [
      { name: 'old', version: '1.34.4' },
      { name: 'new', version: '1.37.2' },
    ];
    controlPlane = await startControlPlane({ servers });
    proxy = await startProxy(controlPlane, { extraArgs: [`--local-server=${controlPlane.server('old').url}`] });
  });

  after(async () => {
    for (const client of clients) client.close();
    await controlPlane?.stop();
  });

  async function client(protocol: Protocol, url: string): Promise<ApiClient> {
    const { servingCa, admin } = controlPlane.pki;
    const connected = await connectClient(protocol, url, { ca: servingCa.cert, cert: admin.cert, key: admin.key });
    clients.push(connected);
    return connected;
  }

  async function watch(from: ApiClient, path: string, resourceVersion: string): Promise<WatchLines> {
    const open = await from.open({ path: `${path}?watch=true&resourceVersion=${resourceVersion}` });
    assert.equal(open.status, 200);
    return new WatchLines(open.body);
  }

  const cases: readonly { title: string; type: ChurnedType; answeredBy: string }[] = [
    { title: 'a resource only the other server has', type: DEVICE_TAINT_RULES, answeredBy: 'new' },
    { title: 'a resource both servers have', type: CONFIG_MAPS, answeredBy: 'old' },
  ];
  for (const { title, type, answeredBy } of cases) {
    it(`deliver every one of ${EVENTS} events of ${title}, in order and unchanged`, async () => {
      const direct = await client('h2', controlPlane.server(answeredBy).url);
      const list = await direct.request({ path: `${type.collection}?limit=1` });
      const resourceVersion = JSON.parse(list.text).metadata.resourceVersion;
      const expected = await watch(direct, type.collection, resourceVersion);
      const watches = await Promise.all(
        PROTOCOLS.map(async (protocol) => ({
          protocol,
          watched: await watch(await client(protocol, proxy.url), type.collection, resourceVersion),
        })),
      );

      // kube-apiserver ends a watch whose reader falls behind, cleanly; informers list again. Here all keep step.
      const writer = await client('h2', proxy.url);
      for (let from = 0; from < EVENTS / EVENTS_PER_OBJECT; from += OBJECTS_AT_A_TIME) {
        const to = from + OBJECTS_AT_A_TIME;
        await churn(writer, type, { from, to, workers: WORKERS });
        const events = to * EVENTS_PER_OBJECT;
        await Promise.all([expected, ...watches.map(({ watched }) => watched)].map((one) => one.until(events)));
      }

      assertOrdered(expected.lines);
      for (const { protocol, watched } of watches) {
        assertSameLines(watched.lines, expected.lines, protocol);
      }
    });
  }

  it(`are ${WATCHES} at once on servers that allow ${MAX_STREAMS} streams a connection, each with its events`, async () => {
    const path = DEVICE_TAINT_RULES.collection;
    const clients = await Promise.all([
      client('h2', proxy.url),
      client('h2', proxy.url),
      client('http/1.1', proxy.url),
    ]);
    const watches = await Promise.all(
      clients.flatMap((one) => Array.from({ length: WATCHES / clients.length }, () => watch(one, path, ''))),
    );
    const server = await client('h2', controlPlane.server('new').url);
    assert.ok(server instanceof H2Client);
    assert.equal(server.session.remoteSettings.maxConcurrentStreams, MAX_STREAMS);
    const created = await server.request({ method: 'POST', path, body: DEVICE_TAINT_RULES.object('for-all') });
    assert.equal(created.status, 201, created.text);
    for (const watched of watches) {
      await watched.until(1);
      assert.equal(JSON.parse(watched.lines[0] ?? '').object.metadata.name, 'for-all');
    }
  });

  it('end abnormally when the server that answers them is killed', async () => {
    const path = DEVICE_TAINT_RULES.collection;
    const open = await Promise.all(
      PROTOCOLS.map(async (protocol) => watch(await client(protocol, proxy.url), path, '0')),
    );
    await controlPlane.server('new').kill();
    for (const watched of open) {
      const end = await watched.end;
      assert.equal(end.kind, 'broken', 'a watch that seems complete lets an informer believe that it missed nothing');
    }
    const refused = await (await client('h2', proxy.url)).request({ path });
    assert.equal(refused.status, 503, refused.text);
    assert.equal(refused.headers['retry-after'], '1');
  });
});

/** Resource versions of one type grow with every event, whatever number of clients causes them. */
function assertOrdered(lines: readonly string[]): void {
  let last = 0;
  for (const line of lines) {
    const { resourceVersion } = JSON.parse(line).object.metadata;
    assert.ok(Number(resourceVersion) > last, `${resourceVersion} comes after ${last}`);
    last = Number(resourceVersion);
  }
}

/** Without printing ten thousand events when one differs. */
function assertSameLines(actual: readonly string[], expected: readonly string[], protocol: Protocol): void {
  const different = expected.findIndex((line, index) => actual[index] !== line);
  assert.equal(actual[different], expected[different], `event ${different} over ${protocol}`);
  assert.equal(actual.length, expected.length, `events over ${protocol}`);
}
