import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { endpointRecordKey } from '../../../src/publishing/endpoint-record.ts';
import { withEtcd } from '../../../src/publishing/etcd.ts';
import { serverId } from '../../../src/servers/server-id.ts';
import type { ProxyProcess } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { discoveryOf, NOPEER, V2, verbsByPath } from '../support/aggregated-discovery.ts';
import { apiRequest } from '../support/api-request.ts';
import { AuditLogs } from '../support/audit-log.ts';
import { eventually } from '../support/eventually.ts';
import { type HttpClient, header, headerValues, httpClient } from '../support/http-client.ts';
import { metricSum } from '../support/metrics.ts';
import { isUnknownResource } from '../support/unknown-resource.ts';
import {
  AdminClients,
  grantPublishing,
  nativeServer,
  plainServer,
  publishingStatus,
  startPublishingSidecar,
  untilAnswered,
} from './support-native-plane.ts';

const JOBS = '/apis/batch/v1/namespaces/default/jobs';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
/** Only the new servers have it. */
const NEW_ONLY = '/apis/resource.k8s.io/v1/devicetaintrules';
const NOWHERE = '/apis/nowhere.example/v1/things';
/** Of what is asserted on a front-proxy connection: a native server's own user, and its mark. */
const AS_NATIVE = ['x-remote-user', 'system:apiserver', 'x-remote-group', 'system:authenticated'];
const PROXIED = ['x-kubernetes-peer-proxied', 'true'];
/** What kube-apiserver 1.36 and 1.37 accept of a peer. */
const NATIVE_ACCEPT = `${NOPEER},${V2},application/json`;

const JOB = {
  metadata: { generateName: 'from-native-' },
  spec: {
    suspend: true,
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'example.invalid/none' }] } },
  },
};

describe('an old server with our sidecar beside native servers that lack a type of it', () => {
  const names = ['n36', 'n37'] as const;
  let audit: AuditLogs;
  let controlPlane: ControlPlane;
  let clients: AdminClients;
  let sidecar: ProxyProcess;

  before(async () => {
    audit = await AuditLogs.create();
    controlPlane = await startControlPlane({
      servers: [
        plainServer({ name: 'old', version: '1.34.4', extraArgs: audit.flags('old') }),
        nativeServer({ name: 'n36', version: '1.36.3', runtimeConfig: 'batch/v1=false' }),
        nativeServer({ name: 'n37', version: '1.37.2', runtimeConfig: 'batch/v1=false' }),
      ],
    });
    clients = new AdminClients(controlPlane);
    await grantPublishing(clients.of(controlPlane.server('old')));
  });

  after(async () => {
    clients?.close();
    await controlPlane?.stop();
    await audit?.remove();
  });

  const native = (name: string): HttpClient => clients.of(controlPlane.server(name));
  const record = (id: string) =>
    withEtcd({ servers: [controlPlane.etcd.url], ca: undefined, certificate: undefined, timeoutMs: 5_000 }, (etcd) =>
      etcd.get(endpointRecordKey('/registry', id)),
    );

  it('is out of their reach by itself', async () => {
    for (const name of names) assert.ok(isUnknownResource(await native(name).request({ target: JOBS })), name);
  });

  it('is found by both once its sidecar publishes', async () => {
    const lease = `${LEASES}/${serverId('old')}`;
    const before = JSON.parse((await native('old').request({ target: lease })).body.toString());
    sidecar = await startPublishingSidecar(controlPlane, 'old');
    for (const name of names) await untilAnswered(native(name), JOBS, 200);

    // They may have heard before the sidecar has taken its announcement back.
    await eventually('announcement', async () => (await publishingStatus(sidecar)).announcements > 0);
    const { record: kind, message, identity, leaseOf, announcements } = await publishingStatus(sidecar);
    assert.deepEqual(
      { kind, message, identity, leaseOf },
      {
        kind: 'published',
        message: '',
        identity: serverId('old'),
        leaseOf: 'server',
      },
    );
    assert.equal(announcements, 1);
    assert.equal(await metricSum(sidecar, 'mvproxy_publishing_up'), 1);
    const after = JSON.parse((await native('old').request({ target: lease })).body.toString());
    assert.equal(after.spec.holderIdentity, before.spec.holderIdentity, 'the Lease of a kube-apiserver is its own');
    const { announcementLease } = await publishingStatus(sidecar);
    assert.equal((await native('old').request({ target: `${LEASES}/${announcementLease}` })).status, 404);
  });

  it('answers what they forward, as the user who asked them', async () => {
    const { servingCa, jane } = controlPlane.pki;
    for (const name of names) {
      const { url } = controlPlane.server(name);
      const client = httpClient({ url, protocol: 'h2', ca: servingCa.cert, certificate: jane });
      const answer = await client.request({ target: JOBS });
      client.close();
      assert.equal(answer.status, 200);
      const [id] = headerValues(answer, 'audit-id');
      const { user, sourceIPs } = await audit.event('old', id);
      assert.equal(user.username, 'jane');
      assert.deepEqual(
        ['dev', 'ops', 'system:authenticated'].filter((group) => !user.groups?.includes(group)),
        [],
      );
      assert.ok(sourceIPs.includes('127.0.0.1'));
      const created = await native(name).request({ method: 'POST', target: JOBS, body: JOB });
      assert.equal(created.status, 201, created.body.toString());
    }
    // Not by the metric: natives read the sidecar's discovery whenever a Lease comes or goes.
    const proxied = async (): Promise<number> => {
      const query = 'resource=jobs.batch&reason=AlreadyProxied&limit=500';
      const { body } = await apiRequest(`${sidecar.adminUrl}/decisions?${query}`);
      return JSON.parse(body).items.length;
    };
    const before = await proxied();
    assert.ok(before > 0);
    // A native server leaves it standing before its own mark.
    const hidden = await native('n36').request({ target: JOBS, headers: ['x-kubernetes-peer-proxied', 'no'] });
    assert.equal(hidden.status, 200);
    assert.equal(await proxied(), before + 1);
    assert.equal(await metricSum(sidecar, 'mvproxy_requests_total', 'decision="PeerServesResource"'), 0);
  });

  it('is told apart from its peers: what natives ask for goes no further, and its discovery is its own', async () => {
    const { servingCa, frontProxyClient } = controlPlane.pki;
    const asNative = httpClient({
      url: sidecar.url,
      protocol: 'h2',
      ca: servingCa.cert,
      certificate: frontProxyClient,
    });
    const admin = ['x-remote-user', 'admin', 'x-remote-group', 'system:masters'];
    const passed = await asNative.request({ target: NEW_ONLY, headers: [...admin, ...PROXIED] });
    // Its client would believe the 404 of the local server.
    assert.deepEqual([passed.status, headerValues(passed, 'retry-after')], [503, ['1']]);
    assert.match(passed.body.toString(), /devicetaintrules\.v1\.resource\.k8s\.io is served by n37, not by old/);
    const nowhere = await asNative.request({ target: NOWHERE, headers: [...admin, ...PROXIED] });
    assert.ok(isUnknownResource(nowhere), nowhere.body.toString());
    assert.equal(
      (await asNative.request({ target: NEW_ONLY, headers: admin })).status,
      200,
      'the sidecar could reach it',
    );
    for (const target of ['/api', '/apis']) {
      const headers = ['accept', NATIVE_ACCEPT, ...AS_NATIVE, ...PROXIED];
      const told = await asNative.request({ target, headers });
      const local = await native('old').request({ target, headers: ['accept', NOPEER] });
      assert.equal(header(told, 'content-type'), V2);
      assert.equal(told.body.toString(), local.body.toString());
    }
    asNative.close();
  });

  it('is in the merged document of both', async () => {
    for (const name of names) {
      await eventually(`batch/v1 in the document of ${name}`, async () =>
        verbsByPath(await discoveryOf(native(name), '/apis', V2)).has('batch/v1/jobs'),
      );
    }
  });

  it('is not in the way of a server that publishes itself', async () => {
    const id = serverId('n36');
    const before = await record(id);
    const wrong = await startPublishingSidecar(controlPlane, 'n36');
    await eventually('refusal', async () => (await publishingStatus(wrong)).record === 'held');
    assert.match((await publishingStatus(wrong)).message, /take publishing out of the configuration/);
    await wrong.stop();
    const after = await record(id);
    assert.ok(before !== undefined && after !== undefined, 'its record is still there');
    assert.ok(!Buffer.from(after.value).includes('mvproxy'));
  });

  it('can have an identity that the sidecar keeps', async () => {
    await sidecar.stop();
    const kept = await startPublishingSidecar(controlPlane, 'old', [
      '--publish-identity=proxy',
      '--publish-lease-name=kept',
    ]);
    await eventually(
      'its Lease',
      async () => (await native('old').request({ target: `${LEASES}/kept` })).status === 200,
    );
    for (const name of names) await untilAnswered(native(name), JOBS, 200);
    assert.equal((await publishingStatus(kept)).leaseOf, 'proxy');
    await kept.stop();
    assert.equal((await native('old').request({ target: `${LEASES}/kept` })).status, 404);
    assert.equal(await record('kept'), undefined);
    assert.equal(await record(serverId('old')), undefined, 'the first sidecar took its record back');
  });

  it('is out of their reach when its sidecar has stopped, and found again when it is back', async () => {
    for (const name of names) {
      const { status } = await native(name).request({ target: JOBS });
      assert.ok(status === 404 || status === 503, `${name}: ${status}`);
    }
    await sidecar.start();
    for (const name of names) await untilAnswered(native(name), JOBS, 200);
  });
});
