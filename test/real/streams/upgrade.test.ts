import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClientOptions, WebSocket } from 'ws';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { type ProxyProcess, startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { Inbox } from '../../support/loopback.ts';
import { apiRequest } from '../support/api-request.ts';
import { DEVICE_TAINT_RULES } from './support-churn.ts';

const WATCH = `${DEVICE_TAINT_RULES.collection}?watch=true&resourceVersion=0`;
const EXEC = '/api/v1/namespaces/default/pods/nobody/exec?command=id&stdout=true';
const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

describe('protocol switches through the proxy, whose local server lacks the resource', () => {
  let controlPlane: ControlPlane;
  let proxy: ProxyProcess;
  let token: string;
  const sockets: WebSocket[] = [];

  before(async () => {
    const servers = [
      { name: 'old', version: '1.34.4' },
      { name: 'new', version: '1.37.2' },
    ];
    controlPlane = await startControlPlane({ servers });
    proxy = await startProxy(controlPlane, { extraArgs: [`--local-server=${controlPlane.server('old').url}`] });
    token = await controlPlane.serviceAccountToken('default', 'watcher');
    await letWatch(controlPlane, 'watcher', token);
  });

  after(async () => {
    for (const socket of sockets) socket.terminate();
    await controlPlane?.stop();
  });

  /** A WebSocket to `url`, with its messages. The origin is what golang.org/x/net/websocket insists on. */
  async function webSocket(url: string, protocols: string[], options: ClientOptions): Promise<Inbox<unknown>> {
    const { servingCa } = controlPlane.pki;
    const socket = new WebSocket(url, protocols, { ca: servingCa.cert, origin: 'https://example.com', ...options });
    sockets.push(socket);
    const events = new Inbox<unknown>();
    socket.on('message', (data) => events.put(JSON.parse(String(data))));
    await once(socket, 'open');
    return events;
  }

  const callers: readonly { title: string; protocols: () => string[]; options: () => ClientOptions }[] = [
    {
      title: 'a client certificate',
      protocols: () => [],
      options: () => ({ cert: controlPlane.pki.admin.cert, key: controlPlane.pki.admin.key }),
    },
    {
      title: 'a token',
      protocols: () => [],
      options: () => ({ headers: { authorization: `Bearer ${token}` } }),
    },
    {
      title: 'a token in the subprotocol, as browsers send it',
      protocols: () => [`${BEARER_PROTOCOL}${Buffer.from(token).toString('base64url')}`, 'kubernetes.example'],
      options: () => ({}),
    },
  ];
  for (const [index, { title, protocols, options }] of callers.entries()) {
    it(`a WebSocket watch with ${title} is switched by the server that has the resource, and gets its events`, async () => {
      const events = await webSocket(`${proxy.url}${WATCH}`, protocols(), options());
      const name = `websocket-${index}`;
      const { servingCa, admin } = controlPlane.pki;
      const created = await apiRequest(`${proxy.url}${DEVICE_TAINT_RULES.collection}`, {
        ca: servingCa.cert,
        cert: admin.cert,
        key: admin.key,
        method: 'POST',
        body: DEVICE_TAINT_RULES.object(name),
      });
      assert.equal(created.status, 201, created.body);
      for (;;) {
        const event = await events.next();
        assert.ok(typeof event === 'object' && event !== null && 'type' in event && 'object' in event);
        assert.equal(event.type, 'ADDED');
        const { metadata }: { metadata: { name: string } } = JSON.parse(JSON.stringify(event.object));
        if (metadata.name === name) break;
      }
    });
  }

  for (const upgrade of ['websocket', 'SPDY/3.1']) {
    it(`a switch to ${upgrade} that RBAC refuses is answered as the server answers it`, async () => {
      const direct = await refusedExec(controlPlane, controlPlane.server('old').url, upgrade);
      const proxied = await refusedExec(controlPlane, proxy.url, upgrade);
      assert.equal(direct.status, 403);
      assert.deepEqual(proxied, direct);
    });
  }
});

/** Lets the service account read what jane may, and waits until the server that has the resource applies that. */
async function letWatch(controlPlane: ControlPlane, name: string, token: string): Promise<void> {
  const { pki } = controlPlane;
  const { url } = controlPlane.server('new');
  const bound = await apiRequest(`${url}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings`, {
    ca: pki.servingCa.cert,
    cert: pki.admin.cert,
    key: pki.admin.key,
    method: 'POST',
    body: {
      metadata: { name },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'control-plane:skewed-types-reader',
      },
      subjects: [{ kind: 'ServiceAccount', namespace: 'default', name }],
    },
  });
  assert.equal(bound.status, 201, bound.body);
  const allowed = (): Promise<{ status: number }> =>
    apiRequest(`${url}${DEVICE_TAINT_RULES.collection}`, { ca: pki.servingCa.cert, token });
  while ((await allowed()).status !== 200) await delay(50);
}

/** What jane, who may not exec, is answered; without what differs from one answer to the next. */
async function refusedExec(
  { pki }: ControlPlane,
  url: string,
  upgrade: string,
): Promise<{ readonly status: number | undefined; readonly fields: object; readonly body: string }> {
  const headers = {
    connection: 'Upgrade',
    upgrade,
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const { cert, key } = pki.jane;
  const request = httpsRequest(`${url}${EXEC}`, { headers, ca: pki.servingCa.cert, cert, key, agent: false });
  const answered = Promise.withResolvers<IncomingMessage>();
  request.on('response', answered.resolve).on('error', answered.reject).end();
  const response = await answered.promise;
  const { 'audit-id': auditId, date, connection, ...fields } = response.headers;
  assert.ok(auditId !== undefined && date !== undefined);
  return { status: response.statusCode, fields, body: await text(response) };
}
