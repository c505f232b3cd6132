import { once } from 'node:events';
import { Agent, type IncomingMessage, request as plainRequest } from 'node:http';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import type { Readable } from 'node:stream';

export type Protocol = 'h2' | 'http/1.1';
export const PROTOCOLS: readonly Protocol[] = ['h2', 'http/1.1'];

export interface Credentials {
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** PEM client certificate and key. */
  readonly cert?: string;
  readonly key?: string;
  /** Bearer token. */
  readonly token?: string;
}

export interface ApiRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes and text as they are, anything else as JSON. */
  readonly body?: unknown;
}

/** The head of a response, and its body as it comes. */
export interface OpenResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** Goes away without reading the rest. */
  cancel(): void;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** How the body ended. */
  readonly end: BodyEnd;
}

export type BodyEnd = { readonly kind: 'complete' } | { readonly kind: 'broken'; readonly why: string };

/** A client on one connection (HTTP/2) or on as many as it has requests open (HTTP/1.1). */
export interface ApiClient {
  readonly protocol: Protocol;
  open(request: ApiRequest): Promise<OpenResponse>;
  request(request: ApiRequest): Promise<ApiAnswer>;
  close(): void;
}

export async function connectClient(protocol: Protocol, url: string, credentials: Credentials): Promise<ApiClient> {
  return protocol === 'h2' ? H2Client.connect(url, credentials) : new H1Client(url, credentials);
}

export class H2Client implements ApiClient {
  readonly protocol = 'h2';
  readonly session: ClientHttp2Session;
  readonly #credentials: Credentials;

  private constructor(session: ClientHttp2Session, credentials: Credentials) {
    this.session = session;
    this.#credentials = credentials;
    session.on('error', () => {});
  }

  static async connect(url: string, credentials: Credentials): Promise<H2Client> {
    const { ca, cert, key } = credentials;
    const session = connect(url, { ca, cert, key });
    await once(session, 'remoteSettings');
    return new H2Client(session, credentials);
  }

  /** The bare stream, for tests that look at frames; ended already when there is no body. */
  stream({ method = 'GET', path, headers, body }: ApiRequest, endStream = body === undefined): ClientHttp2Stream {
    const fields = { ...authorization(this.#credentials), ...headers };
    const stream = this.session.request({ ':method': method, ':path': path, ...fields }, { endStream });
    stream.on('error', () => {});
    if (body !== undefined) stream.end(payload(body));
    return stream;
  }

  async open(request: ApiRequest): Promise<OpenResponse> {
    const stream = this.stream(request);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingHttpHeaders>();
    stream.once('response', resolve);
    stream.once('error', reject);
    stream.once('close', () => reject(new Error(`no answer to ${request.path} (RST_STREAM ${stream.rstCode})`)));
    const headers = await promise;
    return { status: Number(headers[':status']), headers, body: stream, cancel: () => stream.close(8) };
  }

  async request(request: ApiRequest): Promise<ApiAnswer> {
    return readAnswer(await this.open(request));
  }

  close(): void {
    this.session.destroy();
  }
}

export class H1Client implements ApiClient {
  readonly protocol = 'http/1.1';
  readonly #url: string;
  readonly #credentials: Credentials;
  readonly #agent: Agent;

  constructor(url: string, credentials: Credentials) {
    this.#url = url;
    this.#credentials = credentials;
    const { ca, cert, key } = credentials;
    this.#agent = url.startsWith('http:') ? new Agent() : new SecureAgent({ ca, cert, key, keepAlive: true });
  }

  async open({ method = 'GET', path, headers, body }: ApiRequest): Promise<OpenResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = this.#url.startsWith('http:') ? plainRequest : secureRequest;
    const fields = { ...authorization(this.#credentials), ...headers };
    request(`${this.#url}${path}`, { method, headers: fields, agent: this.#agent })
      .on('error', reject)
      .on('response', resolve)
      .end(body === undefined ? undefined : payload(body));
    const response = await promise;
    response.on('error', () => {});
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: response,
      cancel: () => void response.destroy(),
    };
  }

  async request(request: ApiRequest): Promise<ApiAnswer> {
    return readAnswer(await this.open(request));
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Reads a body to its end, however it ends. */
export async function readAnswer({ status, headers, body }: OpenResponse): Promise<ApiAnswer> {
  const chunks: Buffer[] = [];
  body.on('data', (chunk: Buffer) => chunks.push(chunk));
  const end = await bodyEnd(body);
  const bytes = Buffer.concat(chunks);
  return { status, headers, bytes, text: bytes.toString('utf8'), end };
}

/** Resolves when the body is over; somebody else has to read it. */
export async function bodyEnd(body: Readable): Promise<BodyEnd> {
  // `closed` of an HTTP/2 stream says that the protocol is done with it, though its body may not have been read yet.
  if (!body.destroyed) await new Promise((resolve) => body.once('close', resolve));
  if ('rstCode' in body && body.rstCode !== 0) return { kind: 'broken', why: `RST_STREAM ${body.rstCode}` };
  if ('complete' in body && body.complete === false) return { kind: 'broken', why: 'connection closed' };
  if (body.errored !== null) return { kind: 'broken', why: body.errored.message };
  return body.readableEnded ? { kind: 'complete' } : { kind: 'broken', why: 'closed before its end' };
}

function authorization({ token }: Credentials): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function payload(body: unknown): string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
}
