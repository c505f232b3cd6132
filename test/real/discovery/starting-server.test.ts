import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { type Discovery, NOPEER, V2 } from '../support/aggregated-discovery.ts';
import { eventually } from '../support/eventually.ts';
import { type Answer, type ClientOptions, requestOnce } from '../support/http-client.ts';

/*
 * A kube-apiserver that starts answers /apis for one to two seconds without custom resources and aggregated APIs, and
 * fails /readyz until they are there. The proxy reads it all the time.
 */
const CUSTOM = 20;
const ROUNDS = 3;

const controlPlane = await startControlPlane({ servers: [{ name: 'only', version: '1.37.2' }] });
after(() => controlPlane.stop());
const server = controlPlane.server('only');
const gateway = await startProxy(controlPlane, { extraArgs: ['--discovery-interval-seconds=0.05'] });
const { servingCa, admin } = controlPlane.pki;
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

test('a restart of the only server takes no type out of any answer', async (t) => {
  await eventually('all custom resources are listed', async () => customGroups(await ask(gateway, V2)) === CUSTOM);
  for (let round = 0; round < ROUNDS; round++) {
    const watched = watch();
    await server.stop('SIGTERM');
    await server.start();
    await eventually('the proxy answers again', async () => (await ask(gateway, V2)).status === 200);
    await delay(1_000);
    const { own, merged, objects } = await watched.stop();
    t.diagnostic(`the server listed ${[...own].join(', ')} custom groups; the proxy ${[...merged].join(', ')}`);
    // Else this proves nothing.
    assert.ok(
      [...own].some((count) => count < CUSTOM),
      'the server did list fewer types while it started',
    );
    assert.deepEqual([...merged], [CUSTOM]);
    assert.ok(!objects.has(404), `a custom resource was answered ${[...objects].join(', ')}`);
  }
});

/** What clients of the proxy see, and what the server says, until stopped. */
function watch() {
  const [own, merged, objects] = [new Set<number>(), new Set<number>(), new Set<number>()];
  let isOver = false;
  const look = async (once: () => Promise<void>) => {
    while (!isOver) {
      await once().catch(() => {});
      await delay(5);
    }
  };
  const looking = Promise.all([
    look(async () => note(own, await ask(server, NOPEER))),
    look(async () => note(merged, await ask(gateway, V2))),
    look(async () => {
      const { status } = await requestOnce(clientOf(gateway), { target: '/apis/custom7.example/v1/widgets' });
      objects.add(status);
    }),
  ]);
  return {
    stop: async () => {
      isOver = true;
      await looking;
      return { own, merged, objects };
    },
  };
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
  return items.filter(({ metadata }) => /^custom\d+\.example$/.test(metadata.name ?? '')).length;
}
