import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http2';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ProxyStatus } from '../../../src/admin/status.ts';
import { loadConfiguration } from '../../../src/config/load.ts';
import { startDaemon } from '../../../src/daemon/daemon.ts';
import type { RecordedVersion } from '../../../src/kubernetes/testing/recorded-documents.ts';
import { createPki, type Pki } from '../../../src/lab/pki/pki.ts';
import type { ExchangeRecord } from '../../../src/observe/exchange-record.ts';
import { freePort } from '../../../src/wire/free-port.ts';
import { type ApiClient, type Credentials, connectClient, H1Client } from '../../support/api-client.ts';
import { recorder, serveFlags, startFake } from '../../support/embedded-daemon.ts';
import { type FakeApiServer, sendJson } from '../../support/fake-api-server.ts';
import { Inbox } from '../../support/loopback.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from './running-lab.ts';

/** One node: an API server with its sidecar. */
export interface SidecarNode {
  readonly name: string;
  readonly api: FakeApiServer;
  /** Heads of the requests of clients that the API server was given, in order. */
  readonly heads: IncomingHttpHeaders[];
  /** Requests of clients that came to the sidecar, its own peers' included, and were answered. */
  readonly answered: ExchangeRecord[];
  readonly url: string;
  start(options?: StartOptions): Promise<void>;
  status(): Promise<ProxyStatus>;
  as(who: 'admin' | 'token' | 'nobody' | 'front-proxy'): Promise<ApiClient>;
}

export interface StartOptions {
  readonly flags?: Readonly<Record<string, string>>;
  readonly peers?: readonly Peer[];
  /** It has no API server of its own. */
  readonly isGateway?: boolean;
}

export interface Peer {
  readonly name: string;
  readonly url: string;
}

/** Without flags that say otherwise nothing is read again but when a request asks for it. */
const STILL = {
  'discovery-interval-seconds': '3600',
  'discovery-stale-after-seconds': '7200',
  'discovery-watch': 'false',
};
const PROBED_OFTEN = { 'health-interval-seconds': '0.05' };

/** Nodes whose sidecars know each other; `start` each. */
export async function sidecarNodes(
  t: TestContext,
  versions: readonly RecordedVersion[],
): Promise<{ readonly nodes: readonly SidecarNode[] }> {
  const pki = await createPki(join(await temporaryDirectory(t), 'pki'));
  const ports = await Promise.all(versions.map(() => freePort()));
  const addresses = ports.map((port, index) => ({ name: `node-${index + 1}`, url: `https://127.0.0.1:${port}` }));
  const nodes = versions.map(async (version, index) => {
    const { name = '', url = '' } = addresses[index] ?? {};
    return sidecarNode(t, pki, { name, url, version, peers: addresses.filter((peer) => peer.name !== name) });
  });
  return { nodes: await Promise.all(nodes) };
}

interface NodePlan extends Peer {
  readonly version: RecordedVersion;
  readonly peers: readonly Peer[];
}

async function sidecarNode(t: TestContext, pki: Pki, plan: NodePlan): Promise<SidecarNode> {
  const { name, url } = plan;
  const api = await startFake(t, pki, name, plan.version);
  const heads: IncomingHttpHeaders[] = [];
  api.handler = (stream, headers) => {
    heads.push(headers);
    sendJson(stream, 200, { servedBy: name });
  };
  const answered: ExchangeRecord[] = [];
  let adminUrl = '';
  const credentials: Readonly<Record<Parameters<SidecarNode['as']>[0], Omit<Credentials, 'ca'>>> = {
    admin: pki.admin,
    token: { token: 'of-somebody' },
    nobody: {},
    'front-proxy': pki.frontProxyClient,
  };
  return {
    name,
    api,
    heads,
    answered,
    url,
    async start({ flags = {}, peers = plan.peers, isGateway = false } = {}) {
      const values = { ...serveFlags(pki), ...STILL, ...PROBED_OFTEN, 'secure-port': new URL(url).port, ...flags };
      const given = Object.entries(values).filter(([, value]) => value !== '');
      const configuration = await loadConfiguration({
        flags: new Map([
          ...given.map(([flag, value]): [string, string[]] => [flag, [value]]),
          ...(isGateway ? [] : [['local-server', [api.url]] satisfies [string, string[]]]),
          [
            'server',
            [...(isGateway ? [] : [{ name, url: api.url }]), ...peers].map((peer) => `${peer.name}=${peer.url}`),
          ],
        ]),
      });
      const daemon = await startDaemon(configuration, {
        logger: recorder(new Inbox()),
        onExchange: (record) => {
          if (record.client !== 'mixed-version-proxy') answered.push(record);
        },
      });
      t.after(() => daemon.stop(0));
      adminUrl = daemon.adminAddress ?? '';
      await daemon.ready();
    },
    async status() {
      const admin = new H1Client(adminUrl, { ca: '' });
      const { text } = await admin.request({ path: '/status' });
      admin.close();
      return JSON.parse(text);
    },
    async as(who) {
      const client = await connectClient('h2', url, { ...credentials[who], ca: pki.servingCa.cert });
      t.after(() => client.close());
      return client;
    },
  };
}

/** Waits until a sidecar takes those servers, by name, to be in that state. */
export async function believes(node: SidecarNode, states: Readonly<Record<string, string>>): Promise<ProxyStatus> {
  return until(
    () => node.status(),
    ({ servers }) => servers.every(({ name, state }) => states[name] === undefined || states[name] === state),
  );
}

/** Starts all of them, and waits until each has seen all others. */
export async function startAll(nodes: readonly SidecarNode[], options?: StartOptions): Promise<void> {
  await Promise.all(nodes.map((node) => node.start(options)));
  const ready = Object.fromEntries(nodes.map(({ name }) => [name, 'ready']));
  await Promise.all(nodes.map((node) => believes(node, ready)));
}

/** The proxies that a request had passed when it came to the API server. */
export function passed(head: IncomingHttpHeaders | undefined): number {
  assert.ok(head !== undefined, 'the API server was asked');
  return String(head['x-mvproxy-via'] ?? '')
    .split(',')
    .filter((name) => name.trim() !== '').length;
}
