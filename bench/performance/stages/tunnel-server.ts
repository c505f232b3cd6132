/* A server of protocol switches that looks like a kube-apiserver to a proxy; started by tunnels.ts with its options as JSON. */
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { recordedText } from '../../../src/kubernetes/testing/recorded-documents.ts';

const BLOCK = Buffer.alloc(64 * 1_024, 'mixed version proxy ');
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n';
const VERSION = '1.37.2';
const JSON_TYPE = 'application/json';
const DISCOVERY_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const DOCUMENTS: Readonly<Record<string, readonly [type: string, body: string]>> = {
  '/readyz': ['text/plain', 'ok'],
  '/version': [JSON_TYPE, JSON.stringify({ gitVersion: `v${VERSION}` })],
  '/api': [DISCOVERY_TYPE, recordedText(VERSION, 'api-v2.json')],
  '/apis': [DISCOVERY_TYPE, recordedText(VERSION, 'apis-v2.json')],
};

const options: { readonly cert: string; readonly key: string } = JSON.parse(process.argv[2] ?? '{}');
const server = createSecureServer({
  ...options,
  allowHTTP1: true,
  ciphers: 'TLS_AES_128_GCM_SHA256',
  minVersion: 'TLSv1.3',
});
server.on('request', (request, response) => {
  const [type, body] = DOCUMENTS[request.url.split('?', 1)[0] ?? ''] ?? ['text/plain', '404 page not found\n'];
  response.writeHead(body.startsWith('404') ? 404 : 200, { 'content-type': type });
  response.end(body);
});
// The number of bytes, and who sends them, stand in the request target.
server.on('upgrade', ({ url = '' }: { url?: string }, socket: Socket, early: Buffer) => {
  const query = new URL(url, 'https://tunnels').searchParams;
  const bytes = Number(query.get('bytes'));
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.write(SWITCHED);
  if (query.get('direction') === 'down') sendAll(socket, bytes);
  else takeAll(socket, bytes, early.length);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`https://127.0.0.1:${(server.address() as AddressInfo).port}\n`);

function sendAll(socket: Socket, bytes: number): void {
  let left = bytes;
  const send = (): void => {
    while (left > 0) {
      const block = left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK;
      left -= block.length;
      if (!socket.write(block)) return;
    }
    socket.off('drain', send);
    socket.end();
  };
  socket.on('drain', send);
  socket.resume();
  send();
}

function takeAll(socket: Socket, bytes: number, early: number): void {
  let left = bytes - early;
  socket.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left <= 0) socket.end('ok');
  });
}
