import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfiguration } from '../../../src/config/load.ts';
import { readMaterial } from '../../../src/daemon/material.ts';
import { clock } from '../../../src/daemon/request-path.ts';
import { registrySettings, serverSpecs } from '../../../src/daemon/settings.ts';
import { serveFlags } from '../../../src/lab/pki/serve-flags.ts';
import { ServerMonitor } from '../../../src/servers/server-monitor.ts';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { FakeApiServer, sendUnknown } from '../../support/fake-api-server.ts';
import { aggregatedDiscovery } from '../../support/fake-discovery.ts';
import { type Discovery, NOPEER, V2 } from '../support/aggregated-discovery.ts';
import { eventually } from '../support/eventually.ts';
import { type Answer, type ClientOptions, requestOnce } from '../support/http-client.ts';

/*
 * A kube-apiserver that starts answers /apis for one to two seconds without custom resources and aggregated APIs, and
 * fails /readyz until they are there. A second server, which has none of them, lets
 * clients read what the proxy knows meanwhile.
 */
const CUSTOM = 20;
const ROUNDS = 3;
/**
 * Of them all, when no reading fell into the moment in which the server lists fewer types: a round without one proves little. That
 * moment lasts a second or two, and on a busy machine mostly less than it takes to connect.
 */
const MOST_ROUNDS = 15;

const controlPlane = await startControlPlane({ servers: [{ name: 'only', version: '1.37.2' }] });
after(() => controlPlane.stop());
const server = controlPlane.server('only');
const { servingCa, admin } = controlPlane.pki;
const other = await FakeApiServer.start({
  name: 'other',
  certificate: await controlPlane.pki.serving('other', '127.0.0.1'),
  gitVersion: 'v1.34.4',
  discovery: aggregatedDiscovery('1.34.4'),
  handler: sendUnknown,
});
after(() => other.stop());
const gateway = await startProxy(controlPlane, {
  servers: [server, other],
  extraArgs: ['--discovery-interval-seconds=0.05', `--local-server=${other.url}`],
});
/** What the proxy watches a server with, without its pauses: it reads the server all the time. */
const monitor = await monitorOf(server);
after(() => monitor.stop(0));

const clientOf = ({ url }: { readonly url: string }): ClientOptions => ({
  url,
  protocol: 'h2',
  ca: servingCa.cert,
  certificate: admin,
});

await Promise.all(
  Array.from({ length: CUSTOM }, async (_, i) => {
    const group = `custom${i}.example`;
    const body = {
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Cluster',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    };
    const target = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const { status } = await requestOnce(clientOf(server), { method: 'POST', target, body });
    assert.equal(status, 201);
  }),
);

test('a restart of the only server that has them takes no type out of any answer', async (t) => {
  await eventually('all custom resources are listed', async () => customGroups(await ask(gateway, V2)) === CUSTOM);
  await monitor.refresh();
  const refused = () => monitor.discoveryErrors.get('not-ready') ?? 0;
  for (let round = 0; round < ROUNDS || (refused() === 0 && round < MOST_ROUNDS); round++) {
    const watched = watch();
    await server.kill();
    await server.start();
    await eventually('custom resources can be used again', async () => (await custom()).status === 200);
    await delay(1_000);
    const { own, kept, merged, objects } = await watched.stop();
    t.diagnostic(`the server listed ${[...own].join(', ')} custom groups; the proxy ${[...merged].join(', ')}`);
    assert.deepEqual([[...kept], [...merged]], [[CUSTOM], [CUSTOM]]);
    assert.ok(!objects.has(404), `a custom resource is never unknown: ${[...objects].join(', ')}`);
  }
  t.diagnostic(`${refused()} readings were not believed`);
  assert.ok(refused() > 0, 'the server was read while it listed fewer types');
});

async function monitorOf({ name, url }: { readonly name: string; readonly url: string }): Promise<ServerMonitor> {
  const flags = Object.entries(serveFlags(controlPlane.pki)).map(([flag, value]): [string, string[]] => [
    flag,
    [value],
  ]);
  const configuration = await loadConfiguration({ flags: new Map([...flags, ['server', [`${name}=${url}`]]]) });
  const [spec = assert.fail('no server')] = serverSpecs(configuration);
  const { peers } = await readMaterial(configuration);
  const settings = { ...registrySettings(configuration, peers), readsDiscovery: true };
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const started = new ServerMonitor(spec, settings, { logger: quiet, clock }, () => {});
  started.start();
  return started;
}

/** What clients of the proxy see, and what the server says, until stopped. */
function watch() {
  const [own, kept] = [new Set<number>(), new Set<number>()];
  const [merged, objects] = [new Set<number>(), new Set<number>()];
  let isOver = false;
  const look = async (once: () => Promise<void>) => {
    while (!isOver) {
      await once().catch(() => {});
      await delay(5);
    }
  };
  const looking = Promise.all([
    look(async () => note(own, await ask(server, NOPEER))),
    look(async () => {
      await monitor.refresh();
      kept.add(customNames(monitor.fetched?.discovery.apis ?? []));
    }),
    look(async () => note(merged, await ask(gateway, V2))),
    look(async () => {
      objects.add((await custom()).status);
    }),
  ]);
  return {
    stop: async () => {
      isOver = true;
      await looking;
      return { own, kept, merged, objects };
    },
  };
}

function custom(): Promise<Answer> {
  return requestOnce(clientOf(gateway), { target: '/apis/custom7.example/v1/widgets' });
}

function note(counts: Set<number>, answer: Answer): void {
  if (answer.status === 200) counts.add(customGroups(answer));
}

function ask(of: { readonly url: string }, accept: string): Promise<Answer> {
  return requestOnce(clientOf(of), { target: '/apis', headers: ['accept', accept] });
}

function customGroups({ status, body }: Answer): number {
  if (status !== 200) return 0;
  const { items }: Discovery = JSON.parse(body.toString());
  return customNames(items);
}

function customNames(groups: readonly { readonly metadata: { readonly name?: string } }[]): number {
  return groups.filter(({ metadata }) => /^custom\d+\.example$/.test(metadata.name ?? '')).length;
}
