import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { Inbox, testPki } from '../../support/loopback.ts';
import { settings, settingsAck } from './frame-builders.ts';
import { RawPeer } from './raw-peer.ts';

/** A TLS server that speaks only what it is told to, after the first exchange of SETTINGS. */
export interface RawServer {
  readonly port: number;
  readonly connections: Inbox<RawPeer>;
  close(): Promise<void>;
}

/** `first`: settings of the first SETTINGS frame; `none`: it sends nothing by itself. */
export async function startRawServer(
  first: readonly (readonly [id: number, value: number])[] | 'none' = [],
): Promise<RawServer> {
  const { server: tls } = await testPki();
  const connections = new Inbox<RawPeer>();
  const sockets = new Set<TLSSocket>();
  const server = createServer({ ...tls, ALPNProtocols: ['h2'], noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const peer = new RawPeer(socket, 'server');
    if (first !== 'none') peer.send(settings(...first), settingsAck());
    connections.put(peer);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
