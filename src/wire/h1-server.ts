import { createServer, IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientConnection, ExchangeHandler, RequestHead } from './exchange.ts';
import { fieldValue, fieldValues, withoutFields } from './fields.ts';
import { H1Exchange, H1Response, type H1ServerState } from './h1-exchange.ts';
import { UpgradeExchange } from './h1-upgrade.ts';
import type { ListenerLimits } from './limits.ts';
import { declaresBody, lowerNames } from './raw-fields.ts';

/** An HTTP/1.1 server of Node whose exchanges go to `handler`. The caller listens with it or feeds it sockets. */
export class H1Server implements H1ServerState {
  readonly server: Server<typeof IncomingMessage, typeof H1Response>;
  readonly #connections = new WeakMap<Socket, ClientConnection>();
  readonly #open = new WeakMap<Socket, number>();
  readonly #describe: (socket: Socket) => ClientConnection;
  readonly #handler: ExchangeHandler;
  readonly #limits: ListenerLimits;
  readonly #sockets = new Set<Socket>();
  /** Until connections without a request end. */
  readonly #lingering = new WeakMap<Socket, NodeJS.Timeout>();
  /** Milliseconds without a request after which a connection ends; undefined before `drain`. */
  #lingerMs: number | undefined;

  constructor(describe: (socket: Socket) => ClientConnection, handler: ExchangeHandler, limits: ListenerLimits) {
    this.#describe = describe;
    this.#handler = handler;
    this.#limits = limits;
    this.server = createServer({
      IncomingMessage,
      ServerResponse: H1Response,
      insecureHTTPParser: false,
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headMs,
      // A request may be a watch for hours; slow heads and slow bodies have limits of their own.
      requestTimeout: 0,
      keepAliveTimeout: limits.connectionIdleMs,
      connectionsCheckingInterval: Math.max(100, Math.min(5000, limits.headMs / 2)),
      requireHostHeader: true,
    });
    this.server.maxHeadersCount = 0;
    const onRequest = (request: IncomingMessage, response: H1Response): void => this.#request(request, response);
    const sockets = this.#sockets;
    function closed(this: Socket): void {
      sockets.delete(this);
    }
    this.server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', closed);
      if (this.draining) this.#endWhenIdle(socket);
    });
    this.server.on('request', onRequest);
    this.server.on('checkContinue', onRequest);
    this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head));
    this.server.on('connect', (_request, socket) => refuse(socket as Socket, '405 Method Not Allowed'));
  }

  get draining(): boolean {
    return this.#lingerMs !== undefined;
  }

  get bodyIdleMs(): number {
    return this.#limits.bodyIdleMs;
  }

  /** Serves an accepted socket, as if this server had accepted it. */
  accept(socket: Socket, connection: ClientConnection): void {
    this.#connections.set(socket, connection);
    this.server.emit('connection', socket);
  }

  /**
   * From now on every response ends its connection; connections without a request end after `lingerMs`. At once would cut
   * off a request on its way, which a client may repeat only if it does not change anything (RFC 9110 section 9.2.2).
   */
  drain(lingerMs: number): void {
    this.#lingerMs = lingerMs;
    for (const socket of this.#sockets) this.#endWhenIdle(socket);
  }

  ended(socket: Socket): void {
    this.#open.set(socket, (this.#open.get(socket) ?? 1) - 1);
    // The head of this response may have said that the connection stays, when that was still true.
    if (this.draining) this.#endWhenIdle(socket);
  }

  /** `lingerMs` from now on: whoever was answered just now may ask again. */
  #endWhenIdle(socket: Socket): void {
    clearTimeout(this.#lingering.get(socket));
    const endIfIdle = (): void => {
      if (this.#sockets.has(socket) && (this.#open.get(socket) ?? 0) === 0) socket.destroySoon();
    };
    // Timers come before what has arrived: after a pause of this process a request may be there that nobody has read yet.
    const timer = setTimeout(() => setImmediate(endIfIdle), this.#lingerMs);
    this.#lingering.set(socket, timer.unref());
  }

  #connection(socket: Socket): ClientConnection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = this.#describe(socket);
    this.#connections.set(socket, connection);
    return connection;
  }

  #request(request: IncomingMessage, response: H1Response): void {
    const { socket } = request;
    const head = readHead(request);
    if (typeof head === 'number') {
      response.sendDate = false;
      response.shouldKeepAlive = false;
      response.writeHead(head, ['content-length', '0']).end();
      return;
    }
    this.#open.set(socket, (this.#open.get(socket) ?? 0) + 1);
    const expectsContinue = fieldValue(head.fields, 'expect') !== undefined;
    const fields = expectsContinue ? withoutFields(head.fields, (name) => name === 'expect') : head.fields;
    this.#handler(
      new H1Exchange(request, response, this.#connection(socket), { head: { ...head, fields }, expectsContinue }, this),
    );
  }

  #upgrade(request: IncomingMessage, socket: Socket, early: Uint8Array): void {
    socket.on('error', () => {});
    // Not HTTP any more: it is no longer idle, whatever we see of it.
    this.#sockets.delete(socket);
    const head = readHead(request);
    // Behind an unanswered request the switch would let its response run into the tunnel.
    if ((this.#open.get(socket) ?? 0) > 0) socket.destroy();
    else if (typeof head === 'number') refuse(socket, `${head} Bad Request`);
    // With a body the early bytes of the tunnel could not be told from it.
    else if (declaresBody(head.fields)) refuse(socket, '400 Bad Request');
    else this.#handler(new UpgradeExchange(socket, early, this.#connection(socket), head));
  }
}

/** The request head, or the status that refuses it. */
function readHead(request: IncomingMessage): RequestHead | number {
  const target = request.url ?? '';
  // Absolute and authority forms are for forward proxies; serving them would mean two authorities in one request.
  if (!target.startsWith('/') && !(target === '*' && request.method === 'OPTIONS')) return 400;
  const fields = lowerNames(request.rawHeaders);
  const hosts = fieldValues(fields, 'host');
  if (hosts.length > 1) return 400;
  return {
    method: request.method ?? '',
    target,
    authority: hosts[0],
    fields: withoutFields(fields, (name) => name === 'host'),
  };
}

function refuse(socket: Socket, status: string): void {
  socket.on('error', () => {});
  socket.resume();
  socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
  socket.destroySoon();
}
