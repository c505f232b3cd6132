/** HTTP/2 without the proxy. node examples/http2-client.ts PORT CA TEXT */
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { defaultClientLimits, Http2ClientConnection } from 'mixed-version-proxy/http2';

const [port = '', ca = '', text = ''] = process.argv.slice(2);
const tls = { host: '127.0.0.1', port: Number(port), ca: readFileSync(ca), ALPNProtocols: ['h2'] };
const socket = connect(tls, () => {
  const listener = {
    opened: () => send(),
    limitChanged: () => {},
    released: () => {},
    goaway: () => {},
    closed: () => {},
    died: () => socket.destroy(),
    failureOf: (cause: string, reason: string) => new Error(`${cause}: ${reason}`),
  };
  const connection = new Http2ClientConnection(socket, defaultClientLimits, listener, `localhost:${port}`);

  function send(): void {
    const head = { method: 'POST', target: '/echo', authority: undefined, fields: [] };
    const request = connection.request(head, false, {
      inform: () => {},
      respond: (response, body) => {
        process.stdout.write(`${response.status} `);
        body.read({
          data: (chunk) => process.stdout.write(chunk),
          end: () => connection.drain(),
          reset: (reason) => socket.destroy(new Error(reason)),
        });
        process.stdout.on('drain', () => body.resume());
      },
      failed: (error) => socket.destroy(error),
    });
    request.body?.write(Buffer.from(text));
    request.body?.end([]);
  }
});
