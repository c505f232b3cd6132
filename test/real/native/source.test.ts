import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { discoveryOf, NOPEER, V2, verbsByPath } from '../support/aggregated-discovery.ts';
import { apiRequest } from '../support/api-request.ts';
import { AuditLogs } from '../support/audit-log.ts';
import { eventually } from '../support/eventually.ts';
import { type HttpClient, headerValues, httpClient, PROTOCOLS } from '../support/http-client.ts';
import { runLoad } from '../support/load.ts';
import { metricSum } from '../support/metrics.ts';
import { robotToken } from '../support/robot.ts';
import { OLD_RUNTIME_CONFIG, SKEWED_RESOURCES } from '../support/skewed-resources.ts';
import { isUnknownResource } from '../support/unknown-resource.ts';
import { AdminClients, nativeServer, plainServer } from './support-native-plane.ts';

const JOBS = '/apis/batch/v1/namespaces/default/jobs';
/** 1.37 alone has the group. */
const MIGRATIONS = '/apis/storagemigration.k8s.io/v1/storageversionmigrations';
const NODE_STATUS = '/apis/storage.k8s.io/v1/csinodes/of-a-test/status';
const LOCAL_ONLY = ['x-kubernetes-peer-proxied', 'true'];
const NATIVES = ['n36', 'n37'] as const;
/** Connections to the gateway for each protocol and credential: each has a preferred server of its own. */
const CONNECTIONS = 5;

describe('in front of native servers of two versions and an old one', () => {
  let audit: AuditLogs;
  let controlPlane: ControlPlane;
  let clients: AdminClients;
  let gateway: ProxyProcess;
  /** One in front of the server that lacks most. */
  let sidecar: ProxyProcess;

  before(async () => {
    audit = await AuditLogs.create();
    const extraArgs = (name: string) => ({ name, extraArgs: audit.flags(name) });
    controlPlane = await startControlPlane({
      servers: [
        plainServer({ ...extraArgs('old'), version: '1.34.4', runtimeConfig: OLD_RUNTIME_CONFIG }),
        nativeServer({ ...extraArgs('n36'), version: '1.36.3', runtimeConfig: 'batch/v1=false' }),
        nativeServer({ ...extraArgs('n37'), version: '1.37.2' }),
      ],
    });
    clients = new AdminClients(controlPlane);
    const local = `--local-server=${controlPlane.server('n36').url}`;
    gateway = await startProxy(controlPlane, { name: 'gateway' });
    sidecar = await startProxy(controlPlane, { name: 'sidecar', extraArgs: [local] });
    await eventually(
      'a native server that forwards',
      async () => (await server('n36').request({ target: JOBS })).status === 200,
    );
  });

  after(async () => {
    clients?.close();
    await controlPlane?.stop();
    await audit?.remove();
  });

  const server = (name: string): HttpClient => clients.of(controlPlane.server(name));
  /** Requests for resources that native servers sent on by themselves since they started. */
  const sentOn = async (): Promise<number> => {
    const texts = await Promise.all(
      NATIVES.map(async (name) =>
        (await server(name).request({ target: '/metrics', headers: ['accept', 'text/plain'] })).body.toString(),
      ),
    );
    return texts
      .flatMap((text) => [...text.matchAll(/^apiserver_rerouted_request_total\{[^}]*resource="[^"]+"[^}]*\} (\d+)$/gm)])
      .reduce((sum, [, count]) => sum + Number(count), 0);
  };

  it('sees what each server serves by itself, not what it has merged', async () => {
    for (const name of NATIVES) {
      const { body } = await apiRequest(`${gateway.adminUrl}/servers/${name}/discovery?path=/apis`, {
        headers: { accept: V2 },
      });
      const read = verbsByPath(JSON.parse(body));
      const own = verbsByPath(await discoveryOf(server(name), '/apis', NOPEER));
      assert.deepEqual([...read].sort(), [...own].sort(), name);
    }
    await eventually('n36 merges what it lacks', async () =>
      verbsByPath(await discoveryOf(server('n36'), '/apis', V2)).has('batch/v1/jobs'),
    );
    assert.ok(!verbsByPath(await discoveryOf(server('n36'), '/apis', NOPEER)).has('batch/v1/jobs'));
  });

  it('answers no false 404, and leaves native servers nothing to send on', async (t) => {
    const token = await robotToken(controlPlane);
    const { pki } = controlPlane;
    const callers = [{ certificate: pki.admin }, { token }];
    const all = [gateway, sidecar].flatMap(({ url }) =>
      Array.from({ length: CONNECTIONS }, () =>
        PROTOCOLS.flatMap((protocol) =>
          callers.map((caller) => httpClient({ url, protocol, ca: pki.servingCa.cert, ...caller })),
        ),
      ).flat(),
    );
    const before = await sentOn();
    const { requests, unknownResource, otherErrors } = await runLoad(all, SKEWED_RESOURCES, 1);
    for (const client of all) client.close();
    assert.deepEqual(otherErrors, []);
    assert.equal(unknownResource, 0);
    assert.equal((await sentOn()) - before, 0, 'no native server hopped');
    const prevented = await metricSum(gateway, 'mvproxy_false_404_prevented_total');
    assert.ok(prevented > 0 && prevented < requests);
    t.diagnostic(`${requests} requests, 0 false 404s, 0 errors, 0 sent on by native servers`);
  });

  it('sends each request to one server, in the name of who asked', async () => {
    const { servingCa, jane } = controlPlane.pki;
    const client = httpClient({ url: sidecar.url, protocol: 'h2', ca: servingCa.cert, certificate: jane });
    for (const [target, name] of [
      [MIGRATIONS, 'n37'],
      [JOBS, 'n37'],
    ] as const) {
      const answer = await client.request({ target });
      assert.equal(answer.status, 200, answer.body.toString());
      const ids = headerValues(answer, 'audit-id');
      assert.equal(ids.length, 1, 'native answers with two');
      const { user } = await audit.event(name, ids[0]);
      assert.equal(user.username, 'jane');
      assert.ok(['dev', 'ops'].every((group) => user.groups?.includes(group)));
      for (const other of ['old', 'n36']) {
        assert.ok(!(await audit.events(other)).some(({ auditID }) => auditID === ids[0]), `${other} saw nothing of it`);
      }
    }
    client.close();
  });

  it('passes on that a peer has sent a request on, so that the native server behind it does not', async () => {
    const { servingCa, frontProxyClient } = controlPlane.pki;
    const asPeer = httpClient({ url: sidecar.url, protocol: 'h2', ca: servingCa.cert, certificate: frontProxyClient });
    const admin = ['x-remote-user', 'admin', 'x-remote-group', 'system:masters'];
    const before = await sentOn();
    assert.equal((await asPeer.request({ target: JOBS, headers: admin })).status, 200);
    const passed = await asPeer.request({ target: JOBS, headers: [...admin, ...LOCAL_ONLY] });
    // The 404 of the local server would reach the peer's client.
    assert.deepEqual([passed.status, headerValues(passed, 'retry-after')], [503, ['1']]);
    assert.match(passed.body.toString(), /jobs\.v1\.batch is served by .*, not by n36/);
    assert.equal((await sentOn()) - before, 0);
    asPeer.close();
  });

  describe('where native itself fails', () => {
    const ask = (target: string, more: { method?: string; headers?: readonly string[]; body?: object } = {}) =>
      Promise.all([server('n36'), clients.of(sidecar)].map((client) => client.request({ target, ...more })));

    it('finds a subresource that only a peer has', async () => {
      const node = { metadata: { name: 'of-a-test' }, spec: { drivers: [] } };
      await server('n37').request({ method: 'POST', target: '/apis/storage.k8s.io/v1/csinodes', body: node });
      const patch = {
        headers: ['content-type', 'application/merge-patch+json'],
        body: { metadata: { labels: { a: 'b' } } },
      };
      for (const request of [{}, { method: 'PATCH', ...patch }]) {
        const [native, ours] = await ask(NODE_STATUS, request);
        assert.ok(native !== undefined && isUnknownResource(native));
        assert.equal(ours?.status, 200, ours?.body.toString());
      }
    });

    it('does not repeat what the peer has said already', async () => {
      const names = [
        'audit-id',
        'cache-control',
        'x-kubernetes-pf-flowschema-uid',
        'x-kubernetes-pf-prioritylevel-uid',
      ];
      const counts = (await ask(MIGRATIONS)).map((answer) => names.map((name) => headerValues(answer, name).length));
      assert.deepEqual(counts, [
        [2, 2, 2, 2],
        [1, 1, 1, 1],
      ]);
    });

    it('switches protocols at a peer', async () => {
      const [native, ours] = await Promise.all([controlPlane.server('n36').url, sidecar.url].map(webSocketStatus));
      assert.equal(native, 401);
      assert.equal(ours, 101);
    });

    it('does not believe a client that says it was sent on', async () => {
      const [native, ours] = await ask(JOBS, { headers: LOCAL_ONLY });
      assert.ok(native !== undefined && isUnknownResource(native));
      assert.equal(ours?.status, 200);
    });

    it('answers for a peer in every shape of discovery and OpenAPI', async () => {
      for (const target of ['/apis/storagemigration.k8s.io/v1', '/openapi/v3/apis/storagemigration.k8s.io/v1']) {
        const [native, ours] = await ask(target);
        assert.deepEqual([native?.status, ours?.status], [404, 200], target);
      }
      const [native, ours] = await ask('/openapi/v3');
      assert.ok(!native?.body.includes('apis/storagemigration.k8s.io/v1'));
      assert.ok(ours?.body.includes('apis/storagemigration.k8s.io/v1'));
    });
  });

  /** Of a WebSocket watch of a type that n36 lacks, as admin. */
  async function webSocketStatus(url: string): Promise<number | undefined> {
    const { servingCa, admin } = controlPlane.pki;
    const target = `${url.replace('https:', 'wss:')}${MIGRATIONS}?watch=true`;
    // kube-apiserver refuses a handshake without an Origin.
    const origin = url;
    const socket = new WebSocket(target, { ca: servingCa.cert, cert: admin.cert, key: admin.key, origin });
    // An open answer that is no switch would be an error event, and end the process.
    socket.on('error', () => {});
    const opened = once(socket, 'open').then(() => 101);
    const refused = once(socket, 'unexpected-response').then(
      ([, response]) => (response as IncomingMessage).statusCode,
    );
    const status = await Promise.race([opened, refused]).finally(() => socket.terminate());
    for (const left of [opened, refused]) left.catch(() => {});
    return status;
  }
});
