import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createH2Server, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { type ReceivedSpan, receivedSpans } from './otlp-message.ts';

/** Length of what precedes each gRPC message: whether it is compressed, and its length. */
const GRPC_PREFIX = 5;

/** An OpenTelemetry collector that keeps what it is sent, over HTTP (protobuf) and over gRPC without TLS. */
export class OtlpCollector {
  readonly spans: ReceivedSpan[] = [];
  /** Headers of every request over HTTP. */
  readonly requests: IncomingHttpHeaders[] = [];
  readonly #http: Server;
  readonly #grpc: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  #heard: (() => void)[] = [];

  static async start(t: TestContext): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    t.after(() => collector.stop());
    for (const server of [collector.#http, collector.#grpc]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return collector;
  }

  private constructor() {
    this.#http = createServer(async (request, response) => {
      const body = await buffer(request);
      if (request.method !== 'POST' || request.url !== '/v1/traces') {
        response.writeHead(404).end();
        return;
      }
      this.requests.push(request.headers);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      this.#take(body);
    });
    this.#grpc = createH2Server();
    this.#grpc.on('session', (session) => this.#sessions.add(session));
    this.#grpc.on('stream', async (stream) => {
      stream.on('error', () => {});
      const body = await buffer(stream);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.alloc(GRPC_PREFIX));
      this.#take(body.subarray(GRPC_PREFIX));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#http)}`;
  }

  /** `host:port`, as kube-apiserver's tracing configuration has it. */
  get grpcEndpoint(): string {
    return `127.0.0.1:${portOf(this.#grpc)}`;
  }

  /** The first span that fits, now or once it comes. */
  async span(fits: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> {
    for (;;) {
      const found = this.spans.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  stop(): void {
    this.#http.close();
    this.#http.closeAllConnections();
    this.#grpc.close();
    for (const session of this.#sessions) session.destroy();
  }

  #take(message: Buffer): void {
    this.spans.push(...receivedSpans(message));
    const heard = this.#heard;
    this.#heard = [];
    for (const resolve of heard) resolve();
  }
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the collector does not listen');
  return address.port;
}
