import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect as connectH2 } from 'node:http2';
import { Agent, request as requestH1 } from 'node:https';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { KeyPair } from '../../../src/lab/pki/certificate-authority.ts';

export type Protocol = 'h2' | 'http/1.1';
export const PROTOCOLS: readonly Protocol[] = ['h2', 'http/1.1'];

/** Who a client is: a certificate, a bearer token, both, or nobody. */
export interface Credentials {
  readonly certificate?: Pick<KeyPair, 'cert' | 'key'>;
  readonly token?: string;
}

export interface ClientOptions extends Credentials {
  /** `https://host:port` of a server, a proxy or a balancer. */
  readonly url: string;
  readonly protocol: Protocol;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
}

export interface HttpRequest {
  /** Default: GET. */
  readonly method?: string;
  /** Sent as it is. */
  readonly target: string;
  /** Name, value, name, value; over HTTP/2 the names are lowered. Default Accept: JSON. */
  readonly headers?: readonly string[];
  /** An object is sent as JSON. */
  readonly body?: string | Uint8Array | object;
}

/** An answer whose body is still to come. */
export interface OpenAnswer {
  readonly status: number;
  /** Name, value, name, value, as received; names in lower case. */
  readonly headers: readonly string[];
  readonly body: Readable;
  /** Ends the exchange, and over HTTP/1.1 its connection. */
  abandon(): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const TIMEOUT_MS = 30_000;

/** Requests over kept connections of one protocol: one for HTTP/2, as many as are busy for HTTP/1.1. */
export interface HttpClient {
  /** Resolves with the head; rejects when there is none. The caller reads or abandons the body. */
  open(request: HttpRequest): Promise<OpenAnswer>;
  /** The whole exchange; rejects when the answer does not end properly. */
  request(request: HttpRequest): Promise<Answer>;
  close(): void;
}

export function httpClient(options: ClientOptions): HttpClient {
  const open = options.protocol === 'h2' ? h2Opener(options) : h1Opener(options);
  return {
    open: (request) => open.request(request),
    async request(request) {
      const { status, headers, body } = await open.request(request);
      return { status, headers, body: await buffer(body) };
    },
    close: open.close,
  };
}

/** One exchange on a connection of its own. */
export async function requestOnce(options: ClientOptions, request: HttpRequest): Promise<Answer> {
  const client = httpClient(options);
  try {
    return await client.request(request);
  } finally {
    client.close();
  }
}

/** The values of all fields called `name` (lower case). */
export function headerValues({ headers }: { readonly headers: readonly string[] }, name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name);
}

/** The one value of the field called `name` (lower case); repeated fields come joined by a comma. */
export function header(answer: { readonly headers: readonly string[] }, name: string): string | undefined {
  const values = headerValues(answer, name);
  return values.length === 0 ? undefined : values.join(', ');
}

interface Opener {
  request(request: HttpRequest): Promise<OpenAnswer>;
  close(): void;
}

function h1Opener({ url, ca, certificate, token }: ClientOptions): Opener {
  const agent = new Agent({ keepAlive: true, ca, ...certificate });
  const { hostname, port, host } = new URL(url);
  return {
    async request(request) {
      const payload = payloadOf(request);
      const length = payload === undefined ? [] : ['content-length', String(payload.length)];
      const outgoing = requestH1({
        agent,
        hostname,
        port,
        method: request.method ?? 'GET',
        path: request.target,
        headers: ['host', host, ...fieldsOf(request, token), ...length],
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      outgoing.end(payload);
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      return {
        status: response.statusCode ?? 0,
        headers: lowerNames(response.rawHeaders),
        body: response,
        abandon: () => {
          response.on('error', () => {});
          response.destroy();
        },
      };
    },
    close: () => agent.destroy(),
  };
}

function h2Opener({ url, ca, certificate, token }: ClientOptions): Opener {
  let session: ClientHttp2Session | undefined;
  const connected = (): ClientHttp2Session => {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    const made = connectH2(url, { ca, ...certificate });
    made.on('error', () => {});
    made.on('goaway', () => {
      if (session === made) session = undefined;
      made.close();
    });
    session = made;
    return made;
  };
  const { host } = new URL(url);
  return {
    async request(request) {
      const payload = payloadOf(request);
      const pseudo = [':method', request.method ?? 'GET', ':scheme', 'https', ':authority', host];
      const fields = lowerNames([...pseudo, ':path', request.target, ...fieldsOf(request, token)]);
      const stream = connected().request(fields, {
        endStream: payload === undefined,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      // Read from the beginning: Node 24 takes a stream that is over before its body was asked for as broken off.
      const body = new PassThrough();
      body.on('error', () => {});
      pipeline(stream, body, () => {});
      if (payload !== undefined) stream.end(payload);
      const [{ ':status': status }, , raw] = (await once(stream, 'response')) as [
        { ':status': number },
        number,
        string[],
      ];
      return {
        status,
        headers: raw.slice(2),
        body,
        abandon: () => stream.destroy(),
      };
    },
    close: () => session?.destroy(),
  };
}

function payloadOf({ body }: HttpRequest): Buffer | undefined {
  if (body === undefined) return undefined;
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(JSON.stringify(body));
}

function fieldsOf({ headers = [], body }: HttpRequest, token: string | undefined): string[] {
  const names = new Set(headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  const fields = [...headers];
  if (!names.has('accept')) fields.push('accept', 'application/json');
  if (!names.has('content-type') && body !== undefined) fields.push('content-type', 'application/json');
  if (token !== undefined) fields.push('authorization', `Bearer ${token}`);
  return fields;
}

function lowerNames(raw: readonly string[]): string[] {
  return raw.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
}
