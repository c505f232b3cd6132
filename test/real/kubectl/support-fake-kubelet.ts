import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import spdy, { type SpdyConnection, type SpdyStream } from 'spdy-transport';

const EXEC_PROTOCOL = 'v4.channel.k8s.io';
const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';
const SUCCESS = JSON.stringify({ metadata: {}, status: 'Success' });

/**
 * As much of a kubelet as kube-apiserver needs for `kubectl exec`, `logs` and `port-forward`. Commands send their
 * standard input back, ports send back what they get, and a log is two lines of which the second comes on demand.
 */
export class FakeKubelet {
  /** Ends a followed log with a second line. */
  finishLog: () => void = () => {};
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(certificate: { readonly cert: string; readonly key: string }) {
    this.#server = createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
      if (!request.url?.startsWith('/containerLogs/')) {
        response.writeHead(404).end();
        return;
      }
      response.write('first line\n');
      this.finishLog = () => response.end('last line\n');
    });
    this.#server.on('secureConnection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, early: Buffer) =>
      serveStreams(request.url?.startsWith('/portForward/') === true, socket, early),
    );
  }

  static async start(certificate: { readonly cert: string; readonly key: string }): Promise<FakeKubelet> {
    const kubelet = new FakeKubelet(certificate);
    kubelet.#server.listen(0, '127.0.0.1');
    await once(kubelet.#server, 'listening');
    return kubelet;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function serveStreams(isPortForward: boolean, socket: Socket, early: Buffer): void {
  const protocol = isPortForward ? PORT_FORWARD_PROTOCOL : EXEC_PROTOCOL;
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  if (early.length > 0) socket.unshift(early);
  const connection = spdy.connection.create(socket, { protocol: 'spdy', isServer: true });
  acceptBareStreams(connection);
  connection.on('error', () => {});
  const streams = new Map<string, SpdyStream>();
  connection.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.respond(200, {});
    const { streamtype = '' } = stream.headers;
    if (isPortForward) {
      if (streamtype === 'data') stream.pipe(stream);
      else stream.end();
      return;
    }
    streams.set(streamtype, stream);
    const { stdin, stdout, stderr, error } = Object.fromEntries(streams);
    if (stdin === undefined || stdout === undefined || stderr === undefined || error === undefined) return;
    stdin.pipe(stdout);
    stdin.once('end', () => {
      stderr.end();
      error.end(SUCCESS);
    });
  });
  connection.start(3.1);
}

/** Kubernetes opens streams without the pseudo-headers of a request, which spdy-transport insists on. */
function acceptBareStreams(connection: SpdyConnection): void {
  const { parser } = connection._spdyState;
  const { parseKVs } = parser;
  parser.parseKVs = (buffer, callback) =>
    parseKVs.call(parser, buffer, (error, headers) => callback(error, { ':method': 'POST', ':path': '/', ...headers }));
}
