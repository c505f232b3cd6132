import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:net';

/** By port that was handed out: its namesake of UDP, which nobody uses, so that no other process hands it out. */
const reserved = new Map<number, Socket>();

/**
 * A free TCP port of 127.0.0.1 that neither this process nor another one that still runs has got from here before: whoever gets
 * it listens some time later, or stops listening for a while.
 *
 * It lies below the ranges operating systems use for outgoing connections (32768 up on Linux), so that a process that
 * is stopped and started again finds its port free even while others open many connections.
 */
export async function freePort(least = 16_384, most = 32_767): Promise<number> {
  for (;;) {
    const port = randomInt(least, most + 1);
    if (!reserved.has(port) && (await reserve(port)) && (await canListen(port))) return port;
  }
}

/** The reservation ends with the process, however that ends. */
function reserve(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createSocket('udp4');
  reserved.set(port, socket);
  socket.once('error', () => {
    socket.close();
    reserved.delete(port);
    resolve(false);
  });
  socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
    socket.unref();
    resolve(true);
  });
  return promise;
}

function canListen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
