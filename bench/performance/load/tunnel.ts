import { connect, type TLSSocket } from 'node:tls';

const BLOCK = Buffer.alloc(64 * 1_024, 'mixed version proxy ');
const END_OF_HEAD = '\r\n\r\n';

export interface TunnelOptions {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly direction: 'down' | 'up';
  readonly bytes: number;
}

/** Switches protocols and moves so many bytes; resolves with the seconds from the switch until the last one has arrived. */
export async function tunnel({ url, ca, token, direction, bytes }: TunnelOptions): Promise<number> {
  const { hostname, port, host } = new URL(url);
  const ciphers = 'TLS_AES_128_GCM_SHA256';
  const socket = connect({
    host: hostname,
    port: Number(port),
    ca,
    servername: 'kubernetes.default.svc',
    ciphers,
    minVersion: 'TLSv1.3',
  });
  socket.setNoDelay(true);
  const target = `/api/v1/namespaces/default/pods/measured/exec?command=none&stdin=true&direction=${direction}&bytes=${bytes}`;
  socket.write(
    `POST ${target} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\ncontent-length: 0\r\n\r\n`,
  );
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  socket.once('error', reject);
  let head = '';
  let began = 0;
  let received = 0;
  const expected = direction === 'down' ? bytes : 'ok'.length;
  const count = (length: number): void => {
    received += length;
    if (received >= expected) resolve((performance.now() - began) / 1_000);
  };
  socket.on('data', (chunk: Buffer) => {
    if (began !== 0) return count(chunk.length);
    head += chunk.toString('latin1');
    const end = head.indexOf(END_OF_HEAD);
    if (end === -1) return;
    if (!head.startsWith('HTTP/1.1 101')) return reject(new Error(`no switch of protocols: ${head.slice(0, 300)}`));
    began = performance.now();
    if (direction === 'up') sendAll(socket, bytes);
    count(head.length - end - END_OF_HEAD.length);
  });
  socket.once('close', () => reject(new Error(`the tunnel ended after ${received} of ${expected} bytes`)));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

function sendAll(socket: TLSSocket, bytes: number): void {
  let left = bytes;
  const send = (): void => {
    while (left > 0) {
      const block = left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK;
      left -= block.length;
      if (!socket.write(block)) return;
    }
  };
  socket.on('drain', send);
  send();
}
