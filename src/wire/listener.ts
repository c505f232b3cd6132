import { constants } from 'node:crypto';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { describeConnection, readChainsEarly } from './client-connection.ts';
import { acceptWithHello } from './client-hello.ts';
import type { EngineName } from './engine-name.ts';
import { engineOf } from './engines.ts';
import type { ExchangeHandler } from './exchange.ts';
import { H1Server } from './h1-server.ts';
import type { H2Connection } from './http2-engine.ts';
import { DEFAULT_LIMITS, type ListenerLimits } from './limits.ts';
import { ListeningSockets, type ListenPlace } from './listening-sockets.ts';

export interface ListenerTls {
  /** PEM chain, leaf first, and its key. */
  readonly cert: string;
  readonly key: string;
  /** PEM bundle. With it every client is asked for a certificate; a bad one does not end TLS. */
  readonly clientCa?: string | undefined;
}

export interface ListenOptions extends ListenPlace {
  readonly tls: ListenerTls;
  readonly limits?: Partial<ListenerLimits>;
  readonly handler: ExchangeHandler;
  /** Which implementation of HTTP/2 serves the connections that negotiated it. */
  readonly engine?: EngineName | undefined;
}

/** What clients have open at this moment, and how some of them ended. */
export interface ListenerLoad {
  /** Connections whose handshake is over, by what they negotiated; those that switched protocols stay HTTP/1.1. */
  readonly connections: Readonly<Record<'h2' | 'http/1.1', number>>;
  /** On all HTTP/2 connections. */
  readonly streams: number;
  /** HTTP/2 connections that were ended for what the client did, by name of the code; since the start. */
  readonly faults: ReadonlyMap<string, number>;
}

/** A bound port. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly load: ListenerLoad;
  /** New handshakes use `tls`; throws, and keeps the old material, when it does not parse. */
  reload(tls: ListenerTls): void;
  /** Serves a connection that another process accepted and handed over; what is no socket is ignored. */
  take(connection: unknown): void;
  /**
   * Stops accepting, tells HTTP/2 clients to go away, lets open exchanges finish and destroys what is left after `graceMs`.
   * HTTP/1.1 clients are told with their next response; a connection on which none is asked for ends after a moment
   * (`drainIdleMs`), as nobody can tell it apart from one on which a request is just under way. Resolves when every
   * connection is gone.
   */
  close(graceMs: number): Promise<void>;
}

/** Serves HTTP/2 and HTTP/1.1 on one TLS port, told apart by ALPN. Rejects when the port cannot be bound. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const asksForCertificate = options.tls.clientCa !== undefined;
  checkTls(options.tls, asksForCertificate);
  const engine = engineOf(options.engine);
  const h2 = new Set<H2Connection>();
  const h1 = new H1Server((socket) => describeConnection(socket, asksForCertificate), options.handler, limits);
  // Node starts the clock on slow heads when its server begins to listen, which this one never does by itself.
  h1.server.emit('listening');
  const faults = new Map<string, number>();
  let h1Connections = 0;
  let draining = false;

  const server = createServer({
    ...secureContextOptions(options.tls),
    ALPNProtocols: ['h2', 'http/1.1'],
    requestCert: asksForCertificate,
    rejectUnauthorized: false,
    // Clients know which cipher their processor is good at: Go's prefer AES-128, which Node would not choose.
    honorCipherOrder: false,
    handshakeTimeout: limits.handshakeMs,
    allowHalfOpen: true,
  });
  const sockets = new ListeningSockets(acceptWithHello(server, limits.handshakeMs), limits.connections);
  trustPartialChains(server, options.tls);
  if (asksForCertificate) readChainsEarly(server);
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => socket.destroy());
    const connection = describeConnection(socket, asksForCertificate);
    if (socket.alpnProtocol !== 'h2') {
      h1Connections += 1;
      socket.once('close', () => {
        h1Connections -= 1;
      });
      h1.accept(socket, connection);
      return;
    }
    const served = engine.serve(socket, connection, options.handler, limits);
    h2.add(served);
    socket.once('close', () => {
      h2.delete(served);
      if (served.fault !== undefined) faults.set(served.fault, (faults.get(served.fault) ?? 0) + 1);
    });
    if (draining) served.drain();
  });

  const address = await sockets.open(options);
  return {
    ...address,
    get load() {
      let streams = 0;
      for (const { openStreams } of h2) streams += openStreams;
      return { connections: { h2: h2.size, 'http/1.1': h1Connections }, streams, faults };
    },
    take: (connection) => sockets.take(connection),
    reload(tls) {
      checkTls(tls, asksForCertificate);
      server.setSecureContext(secureContextOptions(tls));
      trustPartialChains(server, tls);
    },
    close(graceMs) {
      draining = true;
      for (const served of h2) served.drain();
      h1.drain(Math.min(limits.drainIdleMs, graceMs));
      return sockets.close(graceMs).finally(() => h1.server.close());
    },
  };
}

const NO_FAULTS: ReadonlyMap<string, number> = new Map();

export interface PlainListenOptions extends ListenPlace {
  readonly limits?: Partial<ListenerLimits>;
  readonly handler: ExchangeHandler;
}

/** Serves HTTP/1.1 without TLS, for listeners that never leave loopback. */
export async function listenPlain(options: PlainListenOptions): Promise<Listener> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const h1 = new H1Server((socket) => describeConnection(socket, false), options.handler, limits);
  const sockets = new ListeningSockets(h1.server, limits.connections);
  const address = await sockets.open(options);
  return {
    ...address,
    get load() {
      return { connections: { h2: 0, 'http/1.1': sockets.count }, streams: 0, faults: NO_FAULTS };
    },
    take: (connection) => sockets.take(connection),
    reload() {
      throw new TypeError('This listener serves plain HTTP; it has no certificate to reload.');
    },
    close(graceMs) {
      h1.drain(Math.min(limits.drainIdleMs, graceMs));
      return sockets.close(graceMs).finally(() => h1.server.close());
    },
  };
}

function secureContextOptions(tls: ListenerTls): TlsOptions {
  return {
    cert: tls.cert,
    key: tls.key,
    minVersion: 'TLSv1.2',
    ...(tls.clientCa === undefined
      ? {}
      : {
          ca: tls.clientCa,
          // A resumed session is not verified again: it would carry a verdict made under an older CA or before expiry.
          secureOptions: constants.SSL_OP_NO_TICKET,
        }),
  };
}

function checkTls(tls: ListenerTls, asksForCertificate: boolean): void {
  if ((tls.clientCa !== undefined) !== asksForCertificate) {
    throw new TypeError('Whether clients are asked for certificates is settled when the listener starts; restart it.');
  }
  // From an empty bundle Node would conclude that the system's public authorities may vouch for clients.
  if (tls.clientCa !== undefined && !tls.clientCa.includes('-----BEGIN CERTIFICATE-----')) {
    throw new TypeError('The client CA bundle holds no certificate in PEM form.');
  }
}

/**
 * Lets any certificate of the bundle end a chain, as Go's pools do (X509_V_FLAG_PARTIAL_CHAIN). `createSecureContext` has
 * an option for it that `tls.Server` does not pass on; if Node moves its context, only intermediates cease to be anchors.
 */
function trustPartialChains(server: object, tls: ListenerTls): void {
  if (tls.clientCa === undefined) return;
  const shared: unknown = Reflect.get(server, '_sharedCreds');
  const context: unknown = typeof shared === 'object' && shared !== null ? Reflect.get(shared, 'context') : undefined;
  if (typeof context !== 'object' || context === null) return;
  const allow: unknown = Reflect.get(context, 'setAllowPartialTrustChain');
  if (typeof allow === 'function') allow.call(context);
}
