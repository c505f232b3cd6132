import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { KeyPair } from '../../src/lab/pki/certificate-authority.ts';
import type { Pki } from '../../src/lab/pki/pki.ts';

/** How a front misbehaves. */
export type FrontFault =
  /** Answers begin, and a part of them is reset before the first byte of the body. */
  | { readonly kind: 'resets' }
  /** Connections end with GOAWAY after a few requests. */
  | { readonly kind: 'goaway' }
  /** It shows this certificate. */
  | { readonly kind: 'certificate'; readonly pair: Pick<KeyPair, 'cert' | 'key'> };

/** Between the head of an answer and its reset: the head has been passed on by then. */
const RESET_MS = 20;
/** Of the requests that the fault may hit. */
const SHARE = 0.25;

/**
 * Ends TLS in front of a kube-apiserver and passes requests on, so that what a server does wrong on HTTP/2 can be done on
 * purpose. Who asserts identities does so towards the server as well.
 */
export class FaultyFront {
  readonly #server: Http2SecureServer;
  readonly #pki: Pki;
  readonly #certificate: Pick<KeyPair, 'cert' | 'key'>;
  readonly #serverUrl: string;
  readonly #random: () => number;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #upstreams = new Map<boolean, ClientHttp2Session>();
  #fault: FrontFault | undefined;

  private constructor(
    options: {
      readonly pki: Pki;
      readonly certificate: Pick<KeyPair, 'cert' | 'key'>;
      readonly serverUrl: string;
      readonly random: () => number;
    },
    server: Http2SecureServer,
  ) {
    this.#server = server;
    this.#pki = options.pki;
    this.#certificate = options.certificate;
    this.#serverUrl = options.serverUrl;
    this.#random = options.random;
    server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('error', () => {});
      session.once('close', () => this.#sessions.delete(session));
    });
    server.on('stream', (stream: ServerHttp2Stream, headers) => this.#serve(stream, headers));
  }

  /** Listens at a port of 127.0.0.1; `certificate` is that of the server. */
  static async start(options: {
    readonly pki: Pki;
    readonly certificate: Pick<KeyPair, 'cert' | 'key'>;
    readonly serverUrl: string;
    readonly random: () => number;
  }): Promise<FaultyFront> {
    const { cert, key } = options.certificate;
    const server = createSecureServer({ cert, key, requestCert: true, rejectUnauthorized: false });
    server.on('sessionError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultyFront(options, server);
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `https://127.0.0.1:${port}`;
  }

  /** Misbehaves from now on, or behaves. Open connections break. */
  misbehave(fault: FrontFault | undefined): void {
    this.#fault = fault;
    const { cert, key } = fault?.kind === 'certificate' ? fault.pair : this.#certificate;
    this.#server.setSecureContext({ cert, key });
    for (const session of this.#sessions) session.destroy();
  }

  close(): void {
    this.#server.close();
    for (const session of [...this.#sessions, ...this.#upstreams.values()]) session.destroy();
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const { session } = stream;
    const socket = session?.socket;
    const asserted = socket instanceof TLSSocket && Object.keys(socket.getPeerCertificate()).length > 0;
    const upstream = this.#upstream(asserted).request(headers, { endStream: stream.readableEnded });
    const end = (): void => {
      upstream.close(constants.NGHTTP2_CANCEL);
      stream.close(constants.NGHTTP2_CANCEL);
    };
    stream.on('error', () => {});
    upstream.on('error', () => {});
    stream.once('close', end);
    upstream.once('close', () => {
      // A stream that was answered whole closes by itself, once its last bytes are gone.
      if (!upstream.readableEnded) end();
    });
    stream.pipe(upstream);
    upstream.once('response', (response) => {
      if (stream.destroyed) return;
      stream.respond(response);
      // Not `close`, which would end the body before it resets the stream.
      if (this.#hits('resets', headers)) setTimeout(() => stream.destroy(new Error('reset on purpose')), RESET_MS);
      else upstream.pipe(stream);
    });
    if (this.#hits('goaway', headers)) session?.close();
  }

  /** Health checks are spared: a server that fails them is left, and nothing would be hit. */
  #hits(kind: FrontFault['kind'], headers: IncomingHttpHeaders): boolean {
    return this.#fault?.kind === kind && headers[':path'] !== '/readyz' && this.#random() < SHARE;
  }

  #upstream(asserted: boolean): ClientHttp2Session {
    const current = this.#upstreams.get(asserted);
    if (current !== undefined && !current.closed && !current.destroyed) return current;
    const { servingCa, frontProxyClient } = this.#pki;
    const session = connect(this.#serverUrl, { ca: servingCa.cert, ...(asserted ? frontProxyClient : {}) });
    session.on('error', () => {});
    session.on('goaway', () => {
      if (this.#upstreams.get(asserted) === session) this.#upstreams.delete(asserted);
      session.close();
    });
    this.#upstreams.set(asserted, session);
    return session;
  }
}
