import type { X509Certificate } from 'node:crypto';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls';
import { codeOf } from './node-error.ts';
import { requestedIssuers } from './requested-issuers.ts';

export interface TlsProbeTarget {
  readonly host: string;
  readonly port: number;
  /** Sent as SNI, and looked for in the certificate. */
  readonly servername: string;
  /** PEM bundle the certificate is held against; undefined: none. */
  readonly ca: string | undefined;
  /** Milliseconds for TCP, and as much again for TLS. */
  readonly timeoutMs: number;
}

/** What a connection showed, each step as far as it got. Nothing is sent over it. */
export type TlsProbe =
  /** No TCP connection: a Node error code, or ETIMEDOUT. */
  | { readonly kind: 'unreachable'; readonly code: string }
  /** TCP, and no TLS: `silent` when the server never answered the handshake. */
  | { readonly kind: 'no-tls'; readonly code: string; readonly silent: boolean }
  | SecuredTls;

export interface SecuredTls {
  readonly kind: 'secured';
  /** `TLSv1.3` */
  readonly protocol: string;
  /** What ALPN chose: `h2`, `http/1.1`, or '' for nothing. */
  readonly alpn: string;
  /** As the server sent it, its own first. */
  readonly chain: readonly X509Certificate[];
  /** OpenSSL's verdict on the chain without regard to names: '' or a code such as CERT_HAS_EXPIRED. */
  readonly chainError: string;
  /** Why the certificate is not valid for the name; '' when it is. */
  readonly nameError: string;
}

/** Connects without trusting anybody and tells what the server shows. Never rejects. */
export async function probeTls(target: TlsProbeTarget): Promise<TlsProbe> {
  const tcp = await connected(target);
  if (typeof tcp === 'string') return { kind: 'unreachable', code: tcp };
  let nameError = '';
  const secured = await secure(
    tcp,
    {
      ...optionsOf(target),
      // Name and chain are two findings; Node reports one of them.
      checkServerIdentity: (_host, certificate) => {
        nameError = checkServerIdentity(target.servername, certificate)?.message ?? '';
        return undefined;
      },
    },
    target.timeoutMs,
  );
  if (!('socket' in secured)) {
    tcp.destroy();
    return { kind: 'no-tls', ...secured };
  }
  const { socket } = secured;
  // Node skips the name where the chain is not trusted.
  if (!socket.authorized) {
    nameError = checkServerIdentity(target.servername, socket.getPeerCertificate())?.message ?? '';
  }
  const probe: TlsProbe = {
    kind: 'secured',
    protocol: socket.getProtocol() ?? '',
    alpn: socket.alpnProtocol || '',
    chain: chainOf(socket),
    chainError: socket.authorized ? '' : String(socket.authorizationError),
    nameError,
  };
  socket.destroy();
  return probe;
}

/**
 * The authorities whose client certificates a server asks for: their names in DER, in the server's order. undefined where it
 * does not say. TLS 1.2 alone has this in the clear (RFC 5246 section 7.4.4), so a server must still speak it.
 */
export async function probeClientIssuers(target: TlsProbeTarget): Promise<readonly Buffer[] | undefined> {
  const tcp = await connected(target);
  if (typeof tcp === 'string') return undefined;
  const recorder = new RecordedSocket(tcp);
  const options = { ...optionsOf(target), maxVersion: 'TLSv1.2', checkServerIdentity: () => undefined } as const;
  const secured = await secure(recorder, options, target.timeoutMs);
  if ('socket' in secured) secured.socket.destroy();
  recorder.destroy();
  tcp.destroy();
  return requestedIssuers(recorder.received);
}

function optionsOf({ servername, ca }: TlsProbeTarget): ConnectionOptions {
  return {
    // An address is verified like a name, but must not be sent as one (RFC 6066 section 3).
    servername: isIP(servername) === 0 ? servername : '',
    ca: ca ?? [],
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
  };
}

/** The socket, or the code of what went wrong. */
function connected({ host, port, timeoutMs }: TlsProbeTarget): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connectSocket({ host, port, autoSelectFamily: true });
    const finish = (result: Socket | string): void => {
      clearTimeout(timer);
      if (typeof result === 'string') socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish('ETIMEDOUT'), timeoutMs);
    socket.on('error', (error) => finish(codeOf(error) ?? error.message));
    socket.once('connect', () => finish(socket));
  });
}

type Secured = { readonly socket: TLSSocket } | { readonly code: string; readonly silent: boolean };

function secure(over: Duplex, options: ConnectionOptions, timeoutMs: number): Promise<Secured> {
  return new Promise((resolve) => {
    const socket = connectTls({ ...options, socket: over });
    const finish = (result: Secured): void => {
      clearTimeout(timer);
      if (!('socket' in result)) socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish({ code: 'ETIMEDOUT', silent: true }), timeoutMs);
    socket.on('error', (error) => finish({ code: codeOf(error) ?? error.message, silent: false }));
    socket.once('close', () => finish({ code: 'ECONNRESET', silent: false }));
    socket.once('secureConnect', () => finish({ socket }));
  });
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  for (let next = socket.getPeerX509Certificate(); next !== undefined; next = next.issuerCertificate) {
    if (seen.has(next.fingerprint256)) break;
    seen.add(next.fingerprint256);
    chain.push(next);
  }
  return chain;
}

/** Of a handshake, the certificates included. */
const MOST_RECORDED = 1024 * 1024;

/** A socket that keeps what it received. */
class RecordedSocket extends Duplex {
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (this.#length < MOST_RECORDED) this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.push(chunk);
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    this.on('error', () => {});
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _read(): void {
    // What arrives is pushed at once: a handshake is small.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }
}
