import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RawH2Connection } from '../../bench/performance/load/raw-h2-connection.ts';
import { processorMs } from '../../bench/performance/rivals/process-usage.ts';
import { createPki, type Pki } from '../../src/lab/pki/pki.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { aggregatedDiscovery } from '../support/fake-discovery.ts';
import { startServe } from '../support/serve-process.ts';

/** Far above what is measured, so that only a loss of most of the difference fails. */
const MOST = 0.75;
const CONNECTIONS = 4;
const IN_FLIGHT = 10;
const WARM_UP = 6_000;
const BURST = 1_500;
const BURSTS = 5;
const TARGET = '/api/v1/namespaces/default/configmaps/one';
const ANSWER = Buffer.from(
  JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'one' }, data: { value: 'x'.repeat(500) } }),
);

test('a request costs less processor time with our HTTP/2 engine than with Node’s', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'mvproxy-engines-'));
  t.after(() => rm(directory, { recursive: true }));
  const pki = await createPki(directory);
  const server = await FakeApiServer.start({
    name: 'only',
    certificate: await pki.serving('only', '127.0.0.1'),
    gitVersion: 'v1.37.2',
    discovery: aggregatedDiscovery('1.37.2'),
    handler: (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.end(ANSWER);
    },
  });
  t.after(() => server.stop());
  const start = (engine: string) => startServe(t, { pki, servers: [server], flags: { 'http2-engine': engine } });
  const [own, node] = [await start('own'), await start('node')];
  const used = { own: 0, node: 0 };
  const engines = [
    { name: 'own', proxy: own, load: new Load(own.url, pki) },
    { name: 'node', proxy: node, load: new Load(node.url, pki) },
  ] as const;
  t.after(() => {
    for (const { load } of engines) load.close();
  });
  for (const { load } of engines) await load.send(WARM_UP);
  for (let burst = 0; burst < BURSTS; burst++) {
    for (const { name, proxy, load } of engines) {
      const pid = proxy.child.pid ?? 0;
      const before = processorMs(pid);
      await load.send(BURST);
      used[name] += processorMs(pid) - before;
    }
  }
  t.diagnostic(`ms of processor time for ${BURSTS * BURST} requests: own ${used.own}, node ${used.node}`);
  assert.ok(used.own <= MOST * used.node, `own ${used.own} ms, node ${used.node} ms`);
});

/** GETs over a few connections, a fixed number in flight on each. */
class Load {
  readonly #connections: readonly RawH2Connection[];
  #left = 0;
  #inFlight = 0;
  #ended: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(url: string, pki: Pki) {
    const options = { url, ca: pki.servingCa.cert, get: { path: TARGET, token: 'x'.repeat(900) } };
    this.#connections = Array.from({ length: CONNECTIONS }, () => {
      const connection = new RawH2Connection(options, {
        head: (ok) => {
          if (!ok) this.#ended.reject(new Error('a request was not answered 200'));
        },
        lines: () => {},
        end: (whole) => {
          if (!whole) this.#ended.reject(new Error('a request was reset'));
          this.#inFlight--;
          if (this.#left > 0) this.#request(connection);
          else if (this.#inFlight === 0) this.#ended.resolve();
        },
        lost: () => this.#ended.reject(new Error('a connection was lost')),
      });
      return connection;
    });
  }

  /** Resolves when so many were answered. */
  async send(requests: number): Promise<void> {
    this.#ended = Promise.withResolvers();
    this.#left = requests;
    for (let i = 0; i < IN_FLIGHT; i++) for (const connection of this.#connections) this.#request(connection);
    await this.#ended.promise;
  }

  close(): void {
    this.#ended.promise.catch(() => {});
    for (const connection of this.#connections) connection.close();
  }

  #request(connection: RawH2Connection): void {
    this.#left--;
    this.#inFlight++;
    connection.send();
  }
}
