import type { EventEmitter } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/**
 * The TCP server in front of `tls`, which gets each connection together with its first bytes. A connection that says
 * nothing for `silentMs` is destroyed.
 *
 * Node's TLS reads into a buffer which a connection keeps for its whole life. Where the first bytes are there already it
 * has their size, and later 16 KiB if they do not suffice; else 64 KiB, of which an idle client needs almost nothing.
 */
export function acceptWithHello(tls: EventEmitter, silentMs: number): Server {
  const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
  return createServer(options, (socket) => {
    const giveUp = (): void => void socket.destroy();
    socket.on('error', giveUp);
    socket.setTimeout(silentMs, giveUp);
    socket.once('readable', () => {
      socket.setTimeout(0, giveUp);
      if (hasBytes(socket)) tls.emit('connection', socket);
      else socket.destroy();
    });
  });
}

/** False when the first thing that happened was that the client left. */
function hasBytes(socket: Socket): boolean {
  return !socket.destroyed && socket.readableLength > 0;
}
