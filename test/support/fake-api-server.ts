import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { freePort } from '../../src/wire/free-port.ts';
import type { FakeDiscovery } from './fake-discovery.ts';

/** kube-apiserver's default; a proxy that ignores it is refused streams. */
const MAX_STREAMS = 100;

/** What a proxy watches besides; a server without objects does not have it, and no test's handler hears of it. */
const WATCHED = /\/(customresourcedefinitions|apiservices|leases|endpointslices)$/;

export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
export type UpgradeHandler = (request: IncomingMessage, socket: Socket, early: Buffer) => void;

export interface FakeApiServerOptions {
  readonly name: string;
  /** PEM. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** As `/version` gives it, such as `v1.34.4`. */
  readonly gitVersion: string;
  readonly discovery: FakeDiscovery;
  /** Answers whatever is neither health, version nor API metadata. Default: a small object that names this server. */
  readonly handler?: StreamHandler;
  readonly onUpgrade?: UpgradeHandler;
}

/**
 * A Kubernetes API server that a test can make misbehave. It stands on Node's HTTP and not on our own wire modules, so
 * that one mistake of ours made twice does not pass for right.
 */
export class FakeApiServer {
  readonly name: string;
  readonly url: string;
  readonly sessions = new Set<ServerHttp2Session>();
  /** Every connection that is open now, whatever it speaks. */
  readonly sockets = new Set<Socket>();
  /** Method and path of everything the handler was given. */
  readonly requests: string[] = [];
  handler: StreamHandler;
  onUpgrade: UpgradeHandler;
  /** Answers what is below `/openapi/`, which the proxy asks for all the time. Default: there is nothing. */
  openapi: StreamHandler = sendUnknown;
  /** What `/readyz` says; `silent`: nothing. */
  ready: boolean | 'silent' = true;
  /** How often it was asked. */
  probes = 0;
  /** What it says it serves; a test may exchange the binary. */
  discovery: FakeDiscovery;
  /** As `/version` gives it. */
  gitVersion: string;
  /** Status of API metadata; anything but 200 comes without a document. */
  discoveryStatus = 200;
  /** Whether API metadata may be read with these headers; else they are answered 403. */
  permits: (headers: IncomingHttpHeaders) => boolean = () => true;
  readonly #options: FakeApiServerOptions;
  readonly #port: number;
  readonly #accepted = new Set<Socket>();
  #server: Http2SecureServer | undefined;

  private constructor(options: FakeApiServerOptions, port: number) {
    this.#options = options;
    this.discovery = options.discovery;
    this.gitVersion = options.gitVersion;
    this.#port = port;
    this.name = options.name;
    this.url = `https://127.0.0.1:${port}`;
    this.handler = options.handler ?? ((stream) => sendJson(stream, 200, { kind: 'Fake', servedBy: this.name }));
    this.onUpgrade = options.onUpgrade ?? ((_request, socket) => socket.destroy());
  }

  static async start(options: FakeApiServerOptions): Promise<FakeApiServer> {
    const server = new FakeApiServer(options, await freePort());
    await server.start();
    return server;
  }

  /** Serves at the same address as before. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createSecureServer({
      ...this.#options.certificate,
      allowHTTP1: true,
      requestCert: true,
      rejectUnauthorized: false,
      settings: { maxConcurrentStreams: MAX_STREAMS },
      // Node counts what was written to streams that were reset since, and refuses new ones beyond its default of 10 MB.
      maxSessionMemory: 1_000,
    });
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      // One that is still shaking hands would otherwise outlive `stop` and keep it waiting.
      if (this.#server !== server) socket.destroy();
      this.#accepted.add(socket);
      socket.once('close', () => this.#accepted.delete(socket));
    });
    server.on('secureConnection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.sockets.delete(socket));
    });
    server.on('session', (session) => {
      this.sessions.add(session);
      session.on('error', () => {});
      session.once('close', () => this.sessions.delete(session));
    });
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => this.#serve(stream, headers));
    server.on('upgrade', (request: IncomingMessage, socket: Socket, early: Buffer) =>
      this.onUpgrade(request, socket, early),
    );
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
  }

  /** As if it was killed: the port is closed and every connection broken. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    this.breakConnections();
    for (const socket of this.#accepted) socket.destroy();
    await closed;
  }

  breakConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** The certificate that was presented on the connection of `stream`. */
  clientOf({ session }: ServerHttp2Stream): X509Certificate | undefined {
    const port = session?.socket.remotePort;
    for (const socket of this.sockets) {
      if (socket instanceof TLSSocket && socket.remotePort === port) return socket.getPeerX509Certificate();
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #sayHealth(stream: ServerHttp2Stream): void {
    this.probes += 1;
    if (this.ready === 'silent') return;
    send(stream, this.ready ? 200 : 500, 'text/plain', this.ready ? 'ok' : 'shutting down');
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {});
    // Node resets a stream whose request nobody reads when the response is written, even before its end could be sent.
    if (stream.endAfterHeaders) stream.resume();
    const path = (headers[':path'] ?? '').split('?', 1)[0] ?? '';
    const document = this.discovery(path, headers.accept ?? '', headers);
    if (path === '/readyz') this.#sayHealth(stream);
    else if (path === '/version') sendJson(stream, 200, { gitVersion: this.gitVersion });
    else if (WATCHED.test(path) && headers['user-agent'] === 'mixed-version-proxy') sendUnknown(stream);
    else if (path.startsWith('/openapi/')) this.openapi(stream, headers);
    else if (document === undefined) {
      this.requests.push(`${headers[':method']} ${headers[':path']}`);
      this.handler(stream, headers);
    } else if (this.discoveryStatus !== 200) {
      send(stream, this.discoveryStatus, 'text/plain', 'not now\n');
    } else if (!this.permits(headers)) {
      send(stream, 403, 'text/plain', 'forbidden\n');
    } else if (document.etag !== undefined && headers['if-none-match'] === document.etag) {
      stream.respond({ ':status': 304, etag: document.etag }, { endStream: true });
    } else {
      const etag = document.etag === undefined ? {} : { etag: document.etag };
      stream.respond({ ':status': 200, 'content-type': document.contentType, ...etag });
      stream.end(document.body);
    }
  }
}

export function send(stream: ServerHttp2Stream, status: number, contentType: string, body: string): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond({ ':status': status, 'content-type': contentType });
  stream.end(body);
}

export function sendJson(stream: ServerHttp2Stream, status: number, body: object): void {
  send(stream, status, 'application/json', `${JSON.stringify(body)}\n`);
}

/** What a real server says to a path it does not know. */
export function sendUnknown(stream: ServerHttp2Stream): void {
  send(stream, 404, 'text/plain; charset=utf-8', '404 page not found\n');
}
