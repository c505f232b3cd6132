import { once } from 'node:events';
import { ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { Agent, request } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Pki } from '../../../src/lab/pki/pki.ts';

/** A load balancer as control planes have one: it knows nothing of Kubernetes. */
export interface Balancer {
  readonly url: string;
  close(): void;
}

type Server = { readonly url: string };

/** Chooses a server at random for every connection and passes bytes on: an L4 balancer. */
export async function startConnectionBalancer(servers: readonly Server[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const { hostname, port } = new URL(randomOf(servers).url);
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay();
      socket.once('close', () => sockets.delete(socket));
    }
    pipeline(client, upstream, client, () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: urlOf(server.address()),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Chooses a server at random for every request: an L7 balancer. Client certificates end at it; tokens pass. */
export async function startRequestBalancer(servers: readonly Server[], pki: Pki): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true, ca: pki.servingCa.cert });
  const { cert, key } = pki.proxyServing;
  const server = createSecureServer({ allowHTTP1: true, cert, key }, (incoming, answer) => {
    const { hostname, port } = new URL(randomOf(servers).url);
    const upstream = request({ agent, hostname, port, path: incoming.url, ...headOf(incoming) });
    upstream.on('response', (response) => {
      const headers = Object.entries(response.headers).filter(([name]) => !HOP_BY_HOP.has(name));
      answer.writeHead(response.statusCode ?? 0, Object.fromEntries(headers));
      // Over HTTP/1.1 the head of a watch would wait for its first event.
      if (answer instanceof ServerResponse) answer.flushHeaders();
      response.pipe(answer);
      answer.once('close', () => response.destroy());
    });
    upstream.on('error', () => fail(answer));
    incoming.pipe(upstream);
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('secureConnection', (socket) => sessions.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: urlOf(server.address()),
    close: () => {
      server.close();
      for (const session of sessions) session.destroy();
      agent.destroy();
    },
  };
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

function headOf({ method, headers }: Http2ServerRequest) {
  const kept = Object.entries(headers).filter(([name]) => !name.startsWith(':') && !HOP_BY_HOP.has(name));
  return { method, headers: Object.fromEntries(kept) };
}

function fail(answer: Http2ServerResponse): void {
  if (!answer.headersSent) answer.writeHead(502);
  answer.end();
}

function randomOf<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new RangeError('a balancer needs servers');
  return item;
}

function urlOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new TypeError('the balancer has no port');
  return `https://127.0.0.1:${address.port}`;
}
