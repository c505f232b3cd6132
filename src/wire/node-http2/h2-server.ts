import { constants, type IncomingHttpHeaders, performServerHandshake, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ClientConnection, ExchangeHandler, NeverIndexed, RequestHead } from '../exchange.ts';
import type { H2Connection } from '../http2-engine.ts';
import type { IncomingHead } from '../incoming-head.ts';
import type { ListenerLimits } from '../limits.ts';
import { H2Exchange } from './h2-exchange.ts';
import { keepAlive } from './keep-alive.ts';
import { neverIndexedOf } from './never-indexed.ts';

const MAX_FIELDS = 2000;
const CLOSE_MS = 5000;

/** Serves the exchanges of one accepted TLS connection that negotiated `h2`. */
export function serveH2(
  socket: TLSSocket,
  connection: ClientConnection,
  handler: ExchangeHandler,
  limits: ListenerLimits,
): H2Connection {
  const session = performServerHandshake(socket, {
    settings: {
      maxConcurrentStreams: limits.streamsPerConnection,
      maxHeaderListSize: limits.headerBytes,
      initialWindowSize: 256 * 1024,
      enablePush: false,
    },
    maxHeaderListPairs: MAX_FIELDS,
    maxSendHeaderBlockLength: 1024 * 1024,
    maxSessionMemory: 64,
    streamResetBurst: limits.resetBurst,
    streamResetRate: limits.resetsPerSecond,
    // A repeated single-value field of an upstream is relayed, not turned into an error of ours.
    strictSingleValueFields: false,
  });
  session.setLocalWindowSize(4 * 1024 * 1024);

  let open = 0;
  const leave = (): void => {
    session.close();
    // The close waits for the client's own; one that is gone already would never send it.
    idle = setTimeout(() => socket.destroy(), CLOSE_MS).unref();
  };
  let idle = setTimeout(leave, limits.connectionIdleMs).unref();
  const stopPings = keepAlive(session, socket, limits.pingIntervalMs, limits.pingTimeoutMs, () => socket.destroy());

  session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: string[]) => {
    open += 1;
    clearTimeout(idle);
    stream.once('close', () => {
      open -= 1;
      if (open === 0) idle = setTimeout(leave, limits.connectionIdleMs).unref();
    });
    accept(stream, readHead(raw, neverIndexedOf(headers)), flags, connection, handler, limits.bodyIdleMs);
  });
  // Errors of a session also close it; its exchanges hear of that through their streams.
  session.on('error', () => {});
  session.on('close', () => {
    clearTimeout(idle);
    stopPings();
  });
  // The listener's sockets stay half-open for the sake of tunnels; HTTP/2 has no use for half a connection.
  socket.on('end', () => socket.destroy());

  // One GOAWAY that names the last stream served: nghttp2 ignores new streams from the first GOAWAY on, so the announcement
  // a round trip ahead that RFC 9113 section 6.8 describes would only leave them unanswered for longer.
  return {
    drain: () => session.close(),
    get openStreams() {
      return open;
    },
    fault: undefined,
  };
}

function accept(
  stream: ServerHttp2Stream,
  read: IncomingHead | number,
  flags: number,
  connection: ClientConnection,
  handler: ExchangeHandler,
  bodyIdleMs: number,
): void {
  if (stream.destroyed || stream.closed) {
    stream.on('error', () => {});
    return;
  }
  const bodyless = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  if (typeof read === 'number') {
    stream.on('error', () => {});
    const options = { endStream: true, sendDate: false };
    stream.respond([':status', String(read)], options);
    if (!bodyless) stream.close(constants.NGHTTP2_NO_ERROR);
    return;
  }
  handler(new H2Exchange(stream, connection, read, bodyless, bodyIdleMs));
}

/** The request head, or the status that refuses it. nghttp2 has already enforced RFC 9113 section 8.2 and 8.3. */
function readHead(raw: string[], neverIndexed: NeverIndexed | undefined): IncomingHead | number {
  let method = '';
  let target = '';
  let authority: string | undefined;
  let expectsContinue = false;
  const fields: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    if (name === ':method') method = value;
    else if (name === ':path') target = value;
    else if (name === ':authority' || name === 'host') {
      // Two names for one server are a way to make two readers of one request disagree (RFC 9113 section 8.3.1).
      if (authority !== undefined && authority !== value) return 400;
      authority = value;
    } else if (name === 'expect') {
      if (value.toLowerCase() !== '100-continue') return 417;
      expectsContinue = true;
    } else if (!name.startsWith(':')) fields.push(name, value);
  }
  if (method === 'CONNECT') return 405;
  if (target === '') return 400;
  const head: RequestHead = { method, target, authority, fields };
  return { head: neverIndexed === undefined ? head : { ...head, neverIndexed }, expectsContinue };
}
