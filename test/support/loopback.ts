import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectH2, type SecureClientSessionOptions } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import type { TestContext } from 'node:test';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { EngineName } from '../../src/wire/engine-name.ts';
import type {
  BodySource,
  ExchangeHandler,
  ResetReason,
  ResponseHead,
  ServerExchange,
} from '../../src/wire/exchange.ts';
import type { Fields } from '../../src/wire/fields.ts';
import type { ListenerLimits } from '../../src/wire/limits.ts';
import { type Listener, listen } from '../../src/wire/listener.ts';
import type { Upstream, UpstreamFailure, UpstreamOptions, UpstreamReceiver } from '../../src/wire/upstream.ts';
import { openUpstream } from '../../src/wire/upstream-pool.ts';
import { type Issued, TestCa } from './certificates.ts';
import { engineOfTest } from './engine-test.ts';

/** The name every server certificate of the tests carries. */
export const SERVER_NAME = 'kubernetes.default.svc';

let material: Promise<{ readonly ca: TestCa; readonly server: Issued }> | undefined;

/** One authority and server certificate per test process. */
export function testPki(): Promise<{ readonly ca: TestCa; readonly server: Issued }> {
  material ??= TestCa.create('test CA').then(async (ca) => ({
    ca,
    server: await ca.issue({ commonName: 'server', dnsNames: [SERVER_NAME], ips: ['127.0.0.1'] }),
  }));
  return material;
}

/** Hands things from callbacks to tests in order. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  readonly put = (item: T): void => {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting(item);
  };

  next(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item);
  }

  get size(): number {
    return this.#items.length;
  }
}

/** A listener on loopback with its exchanges in an inbox, closed when the test ends. */
export async function startListener(
  t: TestContext,
  options: {
    handler?: ExchangeHandler;
    limits?: Partial<ListenerLimits>;
    clientCa?: string;
    engine?: EngineName | undefined;
  } = {},
): Promise<{ readonly listener: Listener; readonly port: number; readonly exchanges: Inbox<ServerExchange> }> {
  const { server } = await testPki();
  const exchanges = new Inbox<ServerExchange>();
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: { ...server, clientCa: options.clientCa },
    limits: options.limits ?? {},
    handler: options.handler ?? exchanges.put,
    engine: options.engine ?? engineOfTest(t),
  });
  t.after(() => listener.close(0));
  return { listener, port: listener.port, exchanges };
}

/** An upstream towards a port on loopback, closed when the test ends. */
export async function startUpstream(
  t: TestContext,
  port: number,
  overrides: Partial<UpstreamOptions> = {},
): Promise<Upstream> {
  const { ca } = await testPki();
  const upstream = openUpstream({
    host: '127.0.0.1',
    port,
    servername: SERVER_NAME,
    ca: ca.cert,
    certificate: undefined,
    connectTimeoutMs: 10_000,
    pingIntervalMs: 60_000,
    pingTimeoutMs: 60_000,
    maxConnections: 8,
    onEvent: undefined,
    engine: engineOfTest(t),
    ...overrides,
  });
  t.after(() => upstream.close(0));
  return upstream;
}

export async function connectH2Client(
  t: TestContext,
  port: number,
  options: SecureClientSessionOptions = {},
): Promise<ClientHttp2Session> {
  const { ca } = await testPki();
  const session = connectH2(`https://127.0.0.1:${port}`, { ca: ca.cert, servername: SERVER_NAME, ...options });
  session.on('error', () => {});
  t.after(() => session.destroy());
  await once(session, 'remoteSettings');
  return session;
}

/** A bare TLS connection, for bytes no well-behaved client would send. */
export async function connectRaw(
  t: TestContext,
  port: number,
  protocol: 'h2' | 'http/1.1',
  options: ConnectionOptions & { allowHalfOpen?: boolean } = {},
): Promise<TLSSocket> {
  const { ca } = await testPki();
  const dialled = {
    host: '127.0.0.1',
    port,
    ca: ca.cert,
    servername: SERVER_NAME,
    ALPNProtocols: [protocol],
    ...options,
  };
  const socket = connectTls(dialled);
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** Listens on a free loopback port; closed when the test ends. */
export async function listenOnLoopback(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Everything `socket` still sends, as latin1, until it ends or breaks. */
export async function readToEnd(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  if (!socket.closed) await closeOf(socket);
  return text;
}

export type ReadBody =
  | { readonly kind: 'end'; readonly text: string; readonly trailers: Fields }
  | { readonly kind: 'reset'; readonly text: string; readonly reason: ResetReason };

export function readBody(source: BodySource): Promise<ReadBody> {
  return new Promise((resolve) => {
    let text = '';
    source.read({
      data: (chunk) => {
        text += Buffer.from(chunk).toString('latin1');
        return true;
      },
      end: (trailers) => resolve({ kind: 'end', text, trailers: [...trailers] }),
      reset: (reason) => resolve({ kind: 'reset', text, reason }),
    });
  });
}

export interface Answer {
  readonly head: ResponseHead;
  readonly body: BodySource;
  readonly bodyless: boolean;
}

/** A receiver whose outcome can be awaited. */
export class Receiver implements UpstreamReceiver {
  readonly informed: ResponseHead[] = [];
  readonly answer: Promise<Answer>;
  readonly failure: Promise<UpstreamFailure>;
  #answered: (answer: Answer) => void = () => {};
  #failed: (failure: UpstreamFailure) => void = () => {};

  constructor() {
    this.answer = new Promise((resolve) => {
      this.#answered = resolve;
    });
    this.failure = new Promise((resolve) => {
      this.#failed = resolve;
    });
  }

  inform(head: ResponseHead): void {
    this.informed.push(head);
  }

  respond(head: ResponseHead, body: BodySource, bodyless: boolean): void {
    this.#answered({ head, body, bodyless });
  }

  failed(failure: UpstreamFailure): void {
    this.#failed(failure);
  }
}

/** A GET for `target`. */
export function get(
  target: string,
  fields: Fields = [],
): { method: string; target: string; authority: string; fields: Fields } {
  return { method: 'GET', target, authority: 'example.test', fields };
}

/** Resolves when `emitter` is closed, whether or not it reports an error before. */
export function closeOf(emitter: { once(event: 'close', listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => emitter.once('close', () => resolve()));
}
