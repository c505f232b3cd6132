/* A proxy as one writes it with Node's own HTTP/2 server and undici; started by undici.ts with its options as JSON. */
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Stream,
} from 'node:http2';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import type { Backends } from './rival.ts';

export interface UndiciProxyOptions {
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  readonly backends: Backends;
}

/** RFC 9113 section 8.2.2. */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host']);
const HOST = 'kubernetes.default.svc';

const options: UndiciProxyOptions = JSON.parse(process.argv[2] ?? '{}');
const connect = { ca: readFileSync(options.caFile), servername: HOST };
const poolOf = (url: string): Pool =>
  new Pool(url, { connect, allowH2: false, pipelining: 1, connections: null, bodyTimeout: 0, headersTimeout: 0 });
const preferred = poolOf(options.backends.preferred);
const other =
  options.backends.other === undefined
    ? undefined
    : { ...options.backends.other, pool: poolOf(options.backends.other.url) };

function poolFor(path: string): Pool {
  return other !== undefined && path.startsWith(other.paths) ? other.pool : preferred;
}

interface Front {
  readonly method: string;
  readonly path: string;
  readonly headers: string[];
  readonly body: Readable | null;
  readonly sink: Writable;
  respond(status: number, fields: IncomingHttpHeaders): void;
  fail(): void;
}

function relay({ method, path, headers, body, sink, respond, fail }: Front): void {
  let exchange: Dispatcher.DispatchController | undefined;
  sink.on('drain', () => exchange?.resume());
  sink.on('close', () => exchange?.abort(new Error('the client is gone')));
  sink.on('error', () => {});
  poolFor(path).dispatch(
    { method, path, headers, body },
    {
      onRequestStart(controller) {
        exchange = controller;
        if (sink.destroyed) controller.abort(new Error('the client is gone'));
      },
      onResponseStart(_controller, status, fields) {
        if (status >= 200) respond(status, fields);
      },
      onResponseData(controller, chunk) {
        if (!sink.write(chunk)) controller.pause();
      },
      onResponseEnd() {
        exchange = undefined;
        sink.end();
      },
      onResponseError() {
        exchange = undefined;
        fail();
      },
    },
  );
}

function withoutConnection(fields: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept: OutgoingHttpHeaders = {};
  for (const name in fields) if (!OF_THE_CONNECTION.has(name)) kept[name] = fields[name];
  return kept;
}

function requestFields(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    if (!name.startsWith(':') && !OF_THE_CONNECTION.has(name)) kept.push(name, raw[i + 1] ?? '');
  }
  return kept;
}

function onStream(stream: ServerHttp2Stream, headers: Record<string, unknown>, _flags: number, raw: string[]): void {
  // undici destroys the body it is given, and this stream is the response too.
  const body = stream.endAfterHeaders ? null : stream.pipe(new PassThrough());
  relay({
    method: String(headers[':method']),
    path: String(headers[':path']),
    headers: ['host', HOST, ...requestFields(raw)],
    body,
    sink: stream,
    respond(status, fields) {
      if (!stream.destroyed) stream.respond({ ':status': status, ...withoutConnection(fields) });
    },
    fail() {
      if (stream.destroyed) return;
      if (stream.headersSent) stream.close(2);
      else stream.respond({ ':status': 502 }, { endStream: true });
    },
  });
}

function onRequest(request: IncomingMessage, response: ServerResponse): void {
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  relay({
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    headers: ['host', HOST, ...requestFields(request.rawHeaders)],
    body: hasBody ? request : null,
    sink: response,
    respond(status, fields) {
      response.writeHead(status, withoutConnection(fields));
      if (response.getHeader('content-length') === undefined) response.flushHeaders();
    },
    fail() {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    },
  });
}

const server = createSecureServer({
  cert: readFileSync(options.certFile),
  key: readFileSync(options.keyFile),
  allowHTTP1: true,
  settings: { maxConcurrentStreams: 250 },
});
// Nagle's algorithm would hold up bodies over HTTP/1.1, as Node sets this for servers of HTTP/1.1 alone.
server.on('secureConnection', (socket) => socket.setNoDelay(true));
server.on('stream', onStream);
server.on(
  'request',
  (request: Http2ServerRequest | IncomingMessage, response: Http2ServerResponse | ServerResponse) => {
    if (request.httpVersionMajor === 1) onRequest(request as IncomingMessage, response as ServerResponse);
  },
);
server.listen(options.port, '127.0.0.1');
