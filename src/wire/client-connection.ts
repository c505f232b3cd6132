import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ClientCertificate, ClientConnection } from './exchange.ts';

const MAX_CHAIN = 10;
let lastId = 0;

/** Describes an accepted socket once its handshake is over. `asksForCertificate` is false where no client CA is configured. */
export function describeConnection(socket: Socket, asksForCertificate: boolean): ClientConnection {
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  lastId += 1;
  return {
    id: lastId,
    protocol: socket instanceof TLSSocket && socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1',
    remoteAddress: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    certificate: socket instanceof TLSSocket && asksForCertificate ? presentedCertificate(socket) : { kind: 'none' },
    closed: gone.signal,
  };
}

function presentedCertificate(socket: TLSSocket): ClientCertificate {
  const chain: Uint8Array[] = [];
  let next: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < MAX_CHAIN) {
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  if (chain.length === 0) return { kind: 'none' };
  // Node's type says Error, its value is OpenSSL's code as a string.
  const error: unknown = socket.authorizationError;
  return {
    kind: 'presented',
    chain,
    authorized: socket.authorized,
    error: socket.authorized ? undefined : String(error ?? 'UNVERIFIED'),
  };
}
