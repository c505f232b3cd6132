/* A server that looks like a kube-apiserver to a proxy, costs little and misbehaves when told to; started by soak-server.ts with its options as JSON. */
import { once } from 'node:events';
import { createServer as createControl } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createServer, type TLSSocket } from 'node:tls';
import type { RecordedVersion } from '../../../src/kubernetes/testing/recorded-documents.ts';
import { describeConnection } from '../../../src/wire/client-connection.ts';
import type { EngineName } from '../../../src/wire/engine-name.ts';
import { engineOf } from '../../../src/wire/engines.ts';
import { H1Server } from '../../../src/wire/h1-server.ts';
import { DEFAULT_LIMITS } from '../../../src/wire/limits.ts';
import { aggregatedDiscovery } from '../../../test/support/fake-discovery.ts';
import { CommitLog } from './commits.ts';
import type { Order } from './misbehaviour.ts';
import { ServedConnections } from './served-connections.ts';
import { SoakHandler } from './soak-handler.ts';

export interface SoakServerOptions {
  readonly name: string;
  readonly version: RecordedVersion;
  readonly engine: EngineName;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  readonly port: number;
  /** Where orders are posted as JSON, over plain HTTP. */
  readonly controlPort: number;
  readonly commitFile: string;
}

const options: SoakServerOptions = JSON.parse(process.argv[2] ?? '{}');
const connections = new ServedConnections();
const handler = new SoakHandler({
  name: options.name,
  gitVersion: `v${options.version}`,
  discovery: aggregatedDiscovery(options.version),
  commits: new CommitLog(options.commitFile),
  connections,
});
/**
 * kube-apiserver's limit of streams. Node counts those that are over and not yet destroyed, and resets what comes at the
 * limit with ENHANCE_YOUR_CALM, which is no fault of who keeps to it. Clients of the load cancel more than anybody in life.
 */
const streamsPerConnection = options.engine === 'own' ? 100 : 1_000;
const limits = { ...DEFAULT_LIMITS, streamsPerConnection, resetBurst: 1_000_000, resetsPerSecond: 10_000 };
const engine = engineOf(options.engine);
const h1 = new H1Server(
  (socket) => describeConnection(socket, false),
  (exchange) => handler.handle(exchange),
  limits,
);
h1.server.emit('listening');

const raws = new Map<number | undefined, Socket>();
const server = createServer({
  cert: options.cert,
  key: options.key,
  ALPNProtocols: ['h2', 'http/1.1'],
  requestCert: true,
  rejectUnauthorized: false,
  allowHalfOpen: true,
});
server.on('connection', (socket: Socket) => {
  const { remotePort } = socket;
  raws.set(remotePort, socket);
  socket.once('close', () => raws.delete(remotePort));
});
server.on('tlsClientError', (_error, socket) => socket.destroy());
server.on('secureConnection', (socket: TLSSocket) => {
  socket.on('error', () => socket.destroy());
  socket.setNoDelay(true);
  const connection = describeConnection(socket, false);
  const raw = raws.get(socket.remotePort) ?? socket;
  if (socket.alpnProtocol === 'h2') {
    const h2 = engine.serve(socket, connection, (exchange) => handler.handle(exchange), limits);
    connections.add(connection, raw, socket, h2);
  } else {
    connections.add(connection, raw, socket, undefined);
    h1.accept(socket, connection);
  }
});

const control = createControl(async (request, response) => {
  const order: Order = JSON.parse(await text(request));
  handler.obey(order);
  response.end('done\n');
});
control.listen(options.controlPort, '127.0.0.1');
server.listen(options.port, '127.0.0.1');
await Promise.all([once(control, 'listening'), once(server, 'listening')]);
process.stdout.write('ready\n');
