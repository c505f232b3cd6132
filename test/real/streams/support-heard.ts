import type { IncomingMessage } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http2';
import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { H2Client, type Protocol } from '../../support/api-client.ts';
import type { FakePlane } from './support-fake-plane.ts';

export interface Spoken {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent when the server says 100, if `expect` is among the headers. */
  readonly body?: string;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** All that a client hears in answer to one request. */
export interface Heard {
  /** 1xx answers except 100. */
  readonly informed: readonly { readonly status: number; readonly link: unknown }[];
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, unknown>>;
}

export function hear(protocol: Protocol, plane: FakePlane, spoken: Spoken): Promise<Heard> {
  return protocol === 'h2' ? hearH2(plane, spoken) : hearH1(plane, spoken);
}

async function hearH2(plane: FakePlane, { method, path, headers, body, trailers }: Spoken): Promise<Heard> {
  const client = await plane.client('h2');
  if (!(client instanceof H2Client)) throw new TypeError('no HTTP/2 client');
  const fields = { ':method': method, ':path': path, ...headers };
  const stream = client.session.request(fields, {
    endStream: body === undefined,
    waitForTrailers: trailers !== undefined,
  });
  const informed: Heard['informed'][number][] = [];
  let received: Heard['trailers'] = {};
  stream.on('headers', ({ ':status': status, link }) => {
    if (status !== 100) informed.push({ status: Number(status), link });
  });
  stream.on('trailers', (info) => {
    received = info;
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}));
  if (waits(headers)) stream.once('continue', () => stream.end(body));
  else stream.end(body);
  const answered = Promise.withResolvers<IncomingHttpHeaders>();
  stream.once('response', answered.resolve).once('error', answered.reject);
  const head = await answered.promise;
  const bytes = await buffer(stream);
  return { informed, status: Number(head[':status']), headers: head, body: bytes, trailers: received };
}

async function hearH1(plane: FakePlane, { method, path, headers, body, trailers }: Spoken): Promise<Heard> {
  const { servingCa, admin } = plane.pki;
  const options = { ca: servingCa.cert, cert: admin.cert, key: admin.key, agent: false };
  const chunked = trailers === undefined ? {} : { trailer: Object.keys(trailers).join(', ') };
  const outgoing = request(`${plane.proxy.url}${path}`, { ...options, method, headers: { ...headers, ...chunked } });
  const informed: Heard['informed'][number][] = [];
  outgoing.on('information', ({ statusCode: status, headers: { link } }) => {
    if (status !== 100) informed.push({ status, link });
  });
  const finish = (): void => {
    if (body !== undefined) outgoing.write(body);
    if (trailers !== undefined) outgoing.addTrailers(trailers);
    outgoing.end();
  };
  const answered = Promise.withResolvers<IncomingMessage>();
  outgoing.on('response', answered.resolve).on('error', answered.reject);
  if (waits(headers)) {
    outgoing.once('continue', finish);
    outgoing.flushHeaders();
  } else finish();
  const response = await answered.promise;
  const bytes = await buffer(response);
  return {
    informed,
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: bytes,
    trailers: response.trailers,
  };
}

function waits(headers: Spoken['headers'] = {}): boolean {
  return 'expect' in headers;
}
