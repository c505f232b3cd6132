import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { loadConfiguration } from '../../../src/config/load.ts';
import { type Daemon, startDaemon } from '../../../src/daemon/daemon.ts';
import type { RecordedVersion } from '../../../src/kubernetes/testing/recorded-documents.ts';
import type { KeyPair } from '../../../src/lab/pki/certificate-authority.ts';
import { createPki, type Pki } from '../../../src/lab/pki/pki.ts';
import { relayTcp, type TcpRelay } from '../../../src/wire/tcp-relay.ts';
import { type ApiAnswer, H1Client, H2Client } from '../../support/api-client.ts';
import { recorder, serveFlags } from '../../support/embedded-daemon.ts';
import { FakeApiServer, type StreamHandler } from '../../support/fake-api-server.ts';
import { aggregatedDiscovery } from '../../support/fake-discovery.ts';
import { Inbox } from '../../support/loopback.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from '../support/running-lab.ts';

/** Both servers of a plane serve it. */
export const SHARED = '/api/v1/namespaces/default/configmaps';
/** Only servers of 1.37.2 serve it. */
export const ONLY_NEW = '/apis/certificates.k8s.io/v1/clustertrustbundles';

/** Short ones, so that tests need not wait; what is asserted does not depend on them. */
const TIMES = {
  'health-interval-seconds': '0.2',
  'health-timeout-seconds': '1',
  'discovery-interval-seconds': '0.3',
};

/** One server as the proxy reaches it: over a wire that can be cut or hung, and that may lead elsewhere. */
export interface FaultyServer {
  readonly name: string;
  readonly fake: FakeApiServer;
  readonly wire: TcpRelay;
  /** New connections lead to `port` from now on, and the old ones break; without a port to the server itself. */
  reroute(port?: number): void;
}

export interface ServerStatus {
  readonly name: string;
  readonly state: string;
  readonly condition: string;
  readonly openExchanges: number;
}

/** Two servers with a proxy in front; requests that both can serve go to `near`, which is its local server. */
export interface FaultyPlane {
  readonly pki: Pki;
  readonly near: FaultyServer;
  readonly far: FaultyServer;
  readonly daemon: Daemon;
  readonly client: H2Client;
  statusOf(server: FaultyServer): Promise<ServerStatus>;
  /** Resolves when the proxy says so, and why: what it noticed first need not be what tells. */
  becomes(server: FaultyServer, state: string, condition?: RegExp): Promise<ServerStatus>;
  /** Asks until it is answered 200, and says by whom; any other answer is honest. */
  answering(path: string): Promise<string>;
  /** A connection that serves `pair` and whatever `accepted` does with it. */
  rawTls(pair: Pick<KeyPair, 'cert' | 'key'>, accepted: (socket: TLSSocket) => void): Promise<number>;
  rawTcp(accepted: (socket: Socket) => void): Promise<number>;
  /** Stops the proxy and fails if it leaves a connection to a server behind. */
  assertNothingLeft(): Promise<void>;
}

export interface FaultyPlaneOptions {
  readonly near?: RecordedVersion;
  readonly far?: RecordedVersion;
  /** Further flags of `mvproxy serve`, without dashes. */
  readonly flags?: Readonly<Record<string, string>>;
}

export async function startFaultyPlane(
  t: TestContext,
  { near: nearVersion = '1.37.2', far: farVersion = '1.37.2', flags = {} }: FaultyPlaneOptions = {},
): Promise<FaultyPlane> {
  const pki = await createPki(join(await temporaryDirectory(t), 'pki'));
  const near = await startServer(t, pki, 'near', nearVersion);
  const far = await startServer(t, pki, 'far', farVersion);
  const urlOf = ({ wire }: FaultyServer) => `https://127.0.0.1:${wire.port}`;
  const values = { ...serveFlags(pki), ...TIMES, ...flags };
  const configuration = await loadConfiguration({
    flags: new Map([
      ...Object.entries(values).map(([name, value]): [string, string[]] => [name, [value]]),
      ['server', [`near=${urlOf(near)}`, `far=${urlOf(far)}`]],
      ['local-server', [urlOf(near)]],
    ]),
  });
  const daemon = await startDaemon(configuration, { logger: recorder(new Inbox()) });
  t.after(() => daemon.stop(0));
  await daemon.ready();
  const { servingCa, admin } = pki;
  const credentials = { ca: servingCa.cert, cert: admin.cert, key: admin.key };
  const client = await H2Client.connect(daemon.servingAddress, credentials);
  t.after(() => client.close());
  const statusOf = async ({ name }: FaultyServer): Promise<ServerStatus> => {
    const http = new H1Client(daemon.adminAddress ?? '', { ca: '' });
    const { text } = await http.request({ path: '/status' });
    http.close();
    return JSON.parse(text).servers.find((server: ServerStatus) => server.name === name);
  };
  const serve = async (server: Server): Promise<number> => {
    server.on('error', () => {}).on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const kept = (socket: Socket): void => {
    socket.on('error', () => {}).resume();
    t.after(() => socket.destroy());
  };
  const becomes: FaultyPlane['becomes'] = (server, state, condition = /(?:)/) =>
    until(
      () => statusOf(server),
      (status) => status.state === state && condition.test(status.condition),
    );
  // The proxy itself is ready without one that was slow to answer the first probe.
  for (const server of [near, far]) await becomes(server, 'ready');
  return {
    pki,
    near,
    far,
    daemon,
    client,
    statusOf,
    becomes,
    async answering(path) {
      const answer = await until(
        () => client.request({ path }),
        (one) => {
          assertHonest(one);
          return one.status === 200;
        },
      );
      return servedBy(answer);
    },
    rawTls: (pair, accepted) =>
      serve(
        createTlsServer({ ...pair, ALPNProtocols: ['h2'] }, (socket) => {
          kept(socket);
          accepted(socket);
        }),
      ),
    rawTcp: (accepted) =>
      serve(
        createServer((socket) => {
          kept(socket);
          accepted(socket);
        }),
      ),
    async assertNothingLeft() {
      client.close();
      await daemon.stop(0);
      for (const { wire, fake } of [near, far]) {
        wire.resume();
        await until(
          async () => ({ wires: wire.connections, sockets: fake.sockets.size, sessions: fake.sessions.size }),
          ({ wires, sockets, sessions }) => wires + sockets + sessions === 0,
        );
      }
    },
  };
}

async function startServer(t: TestContext, pki: Pki, name: string, version: RecordedVersion): Promise<FaultyServer> {
  const fake = await FakeApiServer.start({
    name,
    certificate: await pki.serving(name, '127.0.0.1'),
    gitVersion: `v${version}`,
    discovery: aggregatedDiscovery(version),
  });
  const own = Number(new URL(fake.url).port);
  let port = own;
  const wire = await relayTcp({ host: '127.0.0.1', port: 0, choose: () => ({ host: '127.0.0.1', port }) });
  t.after(async () => {
    await wire.close();
    await fake.stop();
  });
  return {
    name,
    fake,
    wire,
    reroute(to = own) {
      port = to;
      wire.cut();
    },
  };
}

/** Keeps the requests for objects open, in the order in which they arrive. */
export function hold(server: FaultyServer): Inbox<Parameters<StreamHandler>[0]> {
  const arrivals = new Inbox<Parameters<StreamHandler>[0]>();
  server.fake.handler = arrivals.put;
  return arrivals;
}

export function servedBy(answer: ApiAnswer): string {
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text).servedBy;
}

/** What a client may be told while a server is away: where it can be found, or when to come again. Never 404. */
export function assertHonest(answer: ApiAnswer): void {
  assert.deepEqual(answer.end, { kind: 'complete' });
  if (answer.status === 503) assert.equal(answer.headers['retry-after'], '1', answer.text);
  else assert.equal(answer.status, 200, answer.text);
}

/** Asks again and again until `over`; what came back, honest every time. */
export async function askUntil(plane: FaultyPlane, path: string, over: Promise<unknown>): Promise<ApiAnswer[]> {
  let isOver = false;
  const stop = (): void => {
    isOver = true;
  };
  void over.then(stop, stop);
  const answers: ApiAnswer[] = [];
  while (!isOver) {
    const answer = await plane.client.request({ path });
    assertHonest(answer);
    answers.push(answer);
  }
  await over;
  return answers;
}
