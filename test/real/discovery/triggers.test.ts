import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CONTROL_USER } from '../../../src/servers/control-identity.ts';
import { listTarget, WATCHED_RESOURCES } from '../../../src/servers/watches/watched-resource.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { V2 } from '../support/aggregated-discovery.ts';
import { apiRequest } from '../support/api-request.ts';
import { eventually } from '../support/eventually.ts';
import { type HttpClient, httpClient } from '../support/http-client.ts';
import { metricSum } from '../support/metrics.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const RESOURCES = WATCHED_RESOURCES.map(({ resource }) => resource);

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;

const clients: HttpClient[] = [];
after(() => {
  for (const client of clients) client.close();
});
function clientOf({ url }: { readonly url: string }): HttpClient {
  const client = httpClient({ url, protocol: 'h2', ca: pki.servingCa.cert, certificate: pki.admin });
  clients.push(client);
  return client;
}
const direct = clientOf(controlPlane.server('old'));

/** Longer than what one change causes goes on. */
const STEADY_MS = 1_500;
/** How long a proxy takes a caller's permission for granted. */
const REMEMBERED_MS = 3_000;

/** Nothing but triggers reads discovery. */
const readByTriggers = ['--discovery-interval-seconds=3600', '--discovery-stale-after-seconds=3601'];

/** `server resource state` of every watch. */
async function watchStates({ adminUrl }: ProxyProcess): Promise<string[]> {
  const { body } = await apiRequest(`${adminUrl}/status`);
  const { servers }: { servers: { name: string; watches: { resource: string; state: string }[] }[] } = JSON.parse(body);
  return servers.flatMap(({ name, watches }) => watches.map(({ resource, state }) => `${name} ${resource} ${state}`));
}

const everyWatch = (state: string) =>
  ['old', 'new'].flatMap((server) => RESOURCES.map((of) => `${server} ${of} ${state}`));

async function untilEveryWatchIs(proxy: ProxyProcess, state: string): Promise<void> {
  const expected = everyWatch(state).sort().join();
  await eventually(`every watch is ${state}`, async () => (await watchStates(proxy)).sort().join() === expected);
}

async function send(method: string, target: string, body?: object): Promise<{ metadata: object }> {
  const answer = await direct.request({ method, target, ...(body === undefined ? {} : { body }) });
  assert.ok(answer.status < 300, `${method} ${target}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body.toString());
}

/** The value once it has not grown for a while: what an earlier change still causes must not count for the next. */
async function untilSteady(value: () => Promise<number>): Promise<void> {
  let [last, since] = [await value(), performance.now()];
  await eventually('nothing is read any more', async () => {
    const now = await value();
    if (now !== last) [last, since] = [now, performance.now()];
    return performance.now() - since > STEADY_MS;
  });
}

describe('with deploy/rbac.yaml', () => {
  let proxy: ProxyProcess;
  let through: HttpClient;
  before(async () => {
    proxy = await startProxy(controlPlane, { name: 'watching', extraArgs: readByTriggers });
    through = clientOf(proxy);
    await untilEveryWatchIs(proxy, 'watching');
  });

  const triggers = (trigger: string) => metricSum(proxy, 'mvproxy_discovery_triggers_total', `trigger="${trigger}"`);

  let users = 0;
  /**
   * Looks for the group as a user who has never asked before. The permission that comes of the first look is remembered for three
   * seconds; until then nothing that is asked makes the proxy read.
   */
  async function watchFor(group: string, listed: boolean) {
    const user = ['impersonate-user', `watcher-${++users}`];
    const isListed = async () => {
      const { body } = await through.request({ target: '/apis', headers: ['accept', V2, ...user] });
      return body.toString().includes(`"${group}"`);
    };
    const beganAt = performance.now();
    assert.equal(await isListed(), listed);
    const readFor = await triggers('condition-changed');
    return {
      /** Resolves, to milliseconds since the call, when it is listed, or no more. */
      until: async (expected: boolean): Promise<number> => {
        const since = performance.now();
        await eventually(`${group} is ${expected ? '' : 'not '}listed`, async () => (await isListed()) === expected);
        const took = Math.round(performance.now() - since);
        const readMore = (await triggers('condition-changed')) - readFor;
        if (performance.now() - beganAt < REMEMBERED_MS) assert.equal(readMore, 0, 'no look has made the proxy read');
        return took;
      },
    };
  }

  const CASES: { what: string; trigger: string; group: string; collection: string; name: string; body: object }[] = [
    {
      what: 'a CustomResourceDefinition',
      trigger: 'crd',
      group: 'defined.example',
      collection: DEFINITIONS,
      name: 'gizmos.defined.example',
      body: {
        metadata: { name: 'gizmos.defined.example' },
        spec: {
          group: 'defined.example',
          scope: 'Cluster',
          names: { plural: 'gizmos', singular: 'gizmo', kind: 'Gizmo', listKind: 'GizmoList' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
        },
      },
    },
    {
      what: 'an APIService',
      trigger: 'apiservice',
      group: 'aggregated.example',
      collection: API_SERVICES,
      name: 'v1.aggregated.example',
      // Nobody answers for it: the group is listed as Stale.
      body: {
        metadata: { name: 'v1.aggregated.example' },
        spec: {
          group: 'aggregated.example',
          version: 'v1',
          groupPriorityMinimum: 100,
          versionPriority: 100,
          insecureSkipTLSVerify: true,
          service: { namespace: 'default', name: 'kubernetes', port: 443 },
        },
      },
    },
  ];

  for (const { what, trigger, group, collection, name, body } of CASES) {
    test(`${what} that is created is merged, and gone when it is deleted, without another reading`, async (t) => {
      const before = await triggers(trigger);
      const appears = await watchFor(group, false);
      await send('POST', collection, body);
      const shown = await appears.until(true);
      assert.ok((await triggers(trigger)) > before);
      const goes = await watchFor(group, true);
      await send('DELETE', `${collection}/${name}`);
      const gone = await goes.until(false);
      t.diagnostic(`listed ${shown} ms after the answer to its creation, gone ${gone} ms after that to its deletion`);
      assert.equal(await triggers('unknown-resource'), 0);
    });
  }

  test('a Lease of an API server that comes, changes its holder or goes makes all servers be read; a renewal does not', async () => {
    const target = `${LEASES}/apiserver-triggers`;
    const lease = (holderIdentity: string, renewTime: string) => ({
      metadata: { name: 'apiserver-triggers', labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' } },
      spec: { holderIdentity, leaseDurationSeconds: 3600, renewTime },
    });
    const readings = () => metricSum(proxy, 'mvproxy_discovery_readings_total', 'result="unchanged"');
    /** Both servers tell, and every server is read for it. */
    const tellsBoth = async <T>(what: string, change: () => Promise<T>): Promise<T> => {
      const read = await readings();
      const told = await triggers('lease');
      const changed = await change();
      await eventually(what, async () => (await triggers('lease')) >= told + 2 && (await readings()) >= read + 2);
      await untilSteady(readings);
      assert.equal(await triggers('lease'), told + 2, what);
      return changed;
    };
    await untilSteady(readings);
    const created = await tellsBoth('it came', () => send('POST', LEASES, lease('one', '2026-01-01T00:00:00.000000Z')));
    await tellsBoth('another holder, and nothing for the renewal', async () => {
      const renewal = { ...created, spec: lease('one', '2026-01-01T00:00:10.000000Z').spec };
      const renewed = await send('PUT', target, renewal);
      await send('PUT', target, { ...renewed, spec: lease('two', '2026-01-01T00:00:20.000000Z').spec });
    });
    await tellsBoth('it went', () => send('DELETE', target));
  });

  test('no server that is told to stop is held up by a watch, and it is watched again once it is back', async () => {
    const server = controlPlane.server('new');
    const since = performance.now();
    await server.stop();
    // With open watches it would take the minute that kube-apiserver gives them.
    assert.ok(performance.now() - since < 30_000, `ended after ${performance.now() - since} ms`);
    await server.start();
    await untilEveryWatchIs(proxy, 'watching');
  });
});

test('without deploy/rbac.yaml every watch is denied, and the proxy says what to do', async () => {
  for (const path of [
    'clusterrolebindings',
    'namespaces/kube-system/rolebindings',
    'namespaces/default/rolebindings',
  ]) {
    await send('DELETE', `${RBAC}/${path}/system:mixed-version-proxy`);
  }
  // A watch that is open when the right is taken away goes on.
  for (const server of controlPlane.servers) {
    const client = clientOf(server);
    for (const watched of WATCHED_RESOURCES) {
      const headers = ['impersonate-user', CONTROL_USER];
      const isDenied = async () => (await client.request({ target: listTarget(watched), headers })).status === 403;
      await eventually(`${server.name} has heard of it`, isDenied);
    }
  }
  const proxy = await startProxy(controlPlane, { name: 'denied', extraArgs: readByTriggers });
  await untilEveryWatchIs(proxy, 'denied');
  assert.equal(await metricSum(proxy, 'mvproxy_watch_state', 'state="denied"'), 2 * RESOURCES.length);
});
