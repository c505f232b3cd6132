import type { Socket } from 'node:net';
import { type DetailedPeerCertificate, type Server, TLSSocket } from 'node:tls';
import type { ClientCertificate, ClientConnection } from './exchange.ts';

const MAX_CHAIN = 10;
let lastId = 0;

/** A number that no other connection of this process has. */
export function nextConnectionId(): number {
  lastId += 1;
  return lastId;
}

/** Describes an accepted socket once its handshake is over. `asksForCertificate` is false where no client CA is configured. */
export function describeConnection(socket: Socket, asksForCertificate: boolean): ClientConnection {
  return new SocketConnection(socket, asksForCertificate);
}

class SocketConnection implements ClientConnection {
  readonly id = nextConnectionId();
  readonly protocol: 'h2' | 'http/1.1';
  readonly remoteAddress: string;
  readonly certificate: ClientCertificate;
  readonly #socket: Socket;
  #gone: AbortController | undefined;

  constructor(socket: Socket, asksForCertificate: boolean) {
    this.#socket = socket;
    const isTls = socket instanceof TLSSocket;
    this.protocol = isTls && socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1';
    this.remoteAddress = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.certificate = isTls && asksForCertificate ? presentedCertificate(socket) : NO_CERTIFICATE;
  }

  /** Made when it is asked for: hardly anybody does, and a signal is larger than all the rest of this. */
  get closed(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = new AbortController();
      if (this.#socket.closed) gone.abort();
      else this.#socket.once('close', () => gone.abort());
      this.#gone = gone;
    }
    return this.#gone.signal;
  }
}

const NO_CERTIFICATE: ClientCertificate = { kind: 'none' };

const chains = new WeakMap<TLSSocket, Uint8Array[]>();

/**
 * Reads the chains of `server`'s clients while their handshakes end: some releases of Node (24.21 and 26.8 among them)
 * lose the intermediates right after (nodejs/node#65579). The key log is the one event that shows a socket early enough;
 * its keys are not looked at.
 */
export function readChainsEarly(server: Server): void {
  server.on('keylog', (_keys, socket) => {
    if (chains.has(socket)) return;
    chains.set(socket, []);
    socket.prependOnceListener('secure', () => chains.set(socket, readChain(socket)));
  });
}

function readChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  // `getPeerX509Certificate` would be the newer way, but on a server it knows the leaf alone.
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < MAX_CHAIN) {
    chain.push(next.raw);
    // A self-signed certificate is its own issuer.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}

function presentedCertificate(socket: TLSSocket): ClientCertificate {
  const early = chains.get(socket) ?? [];
  const chain = early.length > 0 ? early : readChain(socket);
  if (chain.length === 0) return NO_CERTIFICATE;
  // Node's type says Error, its value is OpenSSL's code as a string.
  const error: unknown = socket.authorizationError;
  return {
    kind: 'presented',
    chain,
    authorized: socket.authorized,
    error: socket.authorized ? undefined : String(error ?? 'UNVERIFIED'),
  };
}
