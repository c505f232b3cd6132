/** HTTP/2 without the proxy. node examples/http2-server.ts PORT CERTIFICATE KEY */
import { readFileSync } from 'node:fs';
import { createServer, type TLSSocket } from 'node:tls';
import { defaultServerLimits, Http2ServerConnection, type ServerExchange } from 'mixed-version-proxy/http2';

const [port = '', cert = '', key = ''] = process.argv.slice(2);

function answer(exchange: ServerExchange): void {
  const response = exchange.respond({ status: 200, fields: ['content-type', 'text/plain'] }, false);
  response.write(Buffer.from(`${exchange.head.method} ${exchange.head.target}: `));
  exchange.body.read({
    data: (chunk) => response.write(chunk),
    end: (trailers) => response.end(trailers),
    reset: (reason) => response.reset(reason),
  });
  response.onDrain = () => exchange.body.resume();
}

let connections = 0;
function serve(socket: TLSSocket): void {
  const closed = new AbortController();
  socket.on('error', () => socket.destroy()).on('close', () => closed.abort());
  connections += 1;
  const remoteAddress = socket.remoteAddress ?? '';
  const client = { id: connections, protocol: 'h2', remoteAddress, certificate: { kind: 'none' } } as const;
  new Http2ServerConnection(socket, { ...client, closed: closed.signal }, answer, defaultServerLimits);
}

const tls = { cert: readFileSync(cert), key: readFileSync(key), ALPNProtocols: ['h2'] };
createServer(tls, serve).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
