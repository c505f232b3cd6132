import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import spdy from 'spdy-transport';
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws';
import type { Credentials } from '../../support/api-client.ts';
import type { UpgradeHandler } from '../../support/fake-api-server.ts';

/** What is spoken after the switch. `opaque`: bytes that belong to no protocol, under SPDY's name. */
export type EchoProtocol = 'opaque' | 'SPDY' | 'WebSocket';
export const ECHO_PROTOCOLS: readonly EchoProtocol[] = ['opaque', 'SPDY', 'WebSocket'];

/** Switches to what the path's last part names and sends back all it gets. */
export function echoServer(): UpgradeHandler {
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  return (request, socket, early) => {
    socket.on('error', () => {});
    switch (request.url?.split('/').at(-1)) {
      case 'WebSocket':
        webSockets.handleUpgrade(request, socket, early, (webSocket) => echo(createWebSocketStream(webSocket)));
        break;
      case 'SPDY': {
        switchTo101(socket, early);
        const connection = spdy.connection.create(socket, { protocol: 'spdy', isServer: true });
        connection.on('error', () => {});
        connection.on('stream', (stream) => {
          stream.respond(200, {});
          echo(stream);
        });
        connection.start(3.1);
        break;
      }
      default:
        switchTo101(socket, early);
        echo(socket);
    }
  };
}

function echo(duplex: Duplex): void {
  duplex.on('error', () => {});
  duplex.pipe(duplex);
}

function switchTo101(socket: Socket, early: Buffer): void {
  if (early.length > 0) socket.unshift(early);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
}

/** A duplex to the echo server through `url`; ending it ends the echo. */
export async function openEcho(protocol: EchoProtocol, url: string, credentials: Credentials): Promise<Duplex> {
  const path = `/api/v1/namespaces/default/services/echo/proxy/${protocol}`;
  if (protocol === 'WebSocket') {
    const webSocket = new WebSocket(`${url}${path}`, { ...credentials, perMessageDeflate: false });
    await once(webSocket, 'open');
    return createWebSocketStream(webSocket);
  }
  const socket = await switchProtocols(`${url}${path}`, credentials);
  if (protocol === 'opaque') return socket;
  const connection = spdy.connection.create(socket, { protocol: 'spdy', isServer: false });
  connection.start(3.1);
  const options = { method: 'POST', path: '/', host: 'echo', headers: {} };
  return new Promise((resolve, reject) => {
    connection.request(options, (error, stream) => (error === null ? resolve(stream) : reject(error)));
  });
}

async function switchProtocols(url: string, { ca, cert, key }: Credentials): Promise<Socket> {
  const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };
  const outgoing = request(url, { method: 'POST', headers, ca, cert, key, agent: false });
  const switched = Promise.withResolvers<Socket>();
  outgoing.on('upgrade', (_response, socket: Socket, early) => {
    if (early.length > 0) socket.unshift(early);
    switched.resolve(socket);
  });
  outgoing.on('response', ({ statusCode }) => switched.reject(new Error(`answered ${statusCode} instead of 101`)));
  outgoing.on('error', switched.reject);
  outgoing.end();
  return switched.promise;
}

/** Writes `blocks` blocks of 64 KiB, each different. Returns the digest of what was written. */
export async function sendBlocks(target: Writable, blocks: number): Promise<string> {
  const hash = createHash('sha256');
  const random = Buffer.alloc(64 * 1024, 'mixed version proxy');
  for (let index = 0; index < blocks; index += 1) {
    const block = Buffer.from(random);
    block.writeUInt32BE(index, 0);
    hash.update(block);
    if (!target.write(block)) await once(target, 'drain');
  }
  return hash.digest('hex');
}

/**
 * Reads until `total` bytes have come, before either side ends: the SPDY library acknowledges the last bytes of a stream
 * that its other end has closed by then, and takes the refusal for a failure.
 */
export function receive(source: Readable, total: number): Promise<{ readonly bytes: number; readonly digest: string }> {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    let bytes = 0;
    source.on('error', reject);
    source.on('end', () => reject(new Error(`the tunnel ended after ${bytes} of ${total} bytes`)));
    source.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes >= total) resolve({ bytes, digest: hash.digest('hex') });
    });
  });
}
