import { isIP, type OnReadOpts } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type SecureContext, type TLSSocket } from 'node:tls';
import { READ_BUFFER } from './read-buffer.ts';
import type { UpstreamOptions } from './upstream.ts';

/** An error of ours with a code `node-error.ts` knows. */
export class WireError extends Error {
  readonly code:
    | 'ERR_WIRE_CONNECT_TIMEOUT'
    | 'ERR_WIRE_ANSWER_TIMEOUT'
    | 'ERR_WIRE_CLOSED'
    | 'ERR_WIRE_PING_TIMEOUT'
    | 'ERR_WIRE_NO_HTTP2';

  constructor(code: WireError['code']) {
    super(code);
    this.name = 'WireError';
    this.code = code;
  }
}

/**
 * Dials one verified TLS connection that offers `protocol` alone. The name that is sent and verified is always the
 * configured one: taken from a request, a client could choose which server certificate passes.
 * The caller watches `secureConnect`, `error` and `close`. With `onRead` it gets what is read in `READ_BUFFER`, not as events.
 */
export function dial(
  options: UpstreamOptions,
  context: SecureContext,
  protocol: 'h2' | 'http/1.1',
  onRead?: (chunk: Buffer) => void,
): TLSSocket {
  // Some of these are options of `net.connect`, which Node documents and its types forget.
  const dialled = {
    host: options.host,
    port: options.port,
    // An address is verified like a name, but must not be sent as one (RFC 6066 section 3).
    servername: isIP(options.servername) === 0 ? options.servername : '',
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      checkServerIdentity(options.servername, certificate),
    secureContext: context,
    rejectUnauthorized: true,
    ALPNProtocols: [protocol],
    // A tunnel may be closed in one direction; half an HTTP/2 connection is of no use.
    allowHalfOpen: protocol === 'http/1.1',
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    ...(onRead === undefined ? {} : { onread: reading(onRead) }),
  };
  return connect(dialled);
}

function reading(onRead: (chunk: Buffer) => void): OnReadOpts {
  const callback = (bytes: number): boolean => {
    onRead(READ_BUFFER.subarray(0, bytes));
    return true;
  };
  return { buffer: READ_BUFFER, callback };
}
