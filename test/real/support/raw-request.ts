import { once } from 'node:events';
import { connect } from 'node:tls';
import type { ClientOptions } from './http-client.ts';

/** The answer to bytes that no client library would send. */
export interface RawAnswer {
  /** 0 when the connection was closed without an answer. */
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 10_000;

/**
 * Sends `head` (lines without line ends, the request line first) and `body` over a TLS connection of its own and reads one
 * answer, whose length must be declared. Host is added, and Authorization when the caller has a token.
 */
export async function rawRequest(
  { url, ca, certificate, token }: Omit<ClientOptions, 'protocol'>,
  head: readonly string[],
  body = '',
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ca, ALPNProtocols: ['http/1.1'], ...certificate });
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
    if (parse(received) !== undefined) resolve();
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve());
  const timer = setTimeout(resolve, TIMEOUT_MS);
  await once(socket, 'secureConnect');
  const [first = '', ...rest] = head;
  const credentials = token === undefined ? [] : [`Authorization: Bearer ${token}`];
  socket.write(`${[first, `Host: ${host}`, ...credentials, ...rest].join('\r\n')}\r\n\r\n${body}`, 'latin1');
  await over;
  clearTimeout(timer);
  socket.destroy();
  return parse(received) ?? { status: 0, body: received };
}

/** The first final answer, once it is complete. */
function parse(text: string): RawAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  const rest = text.slice(end + 4);
  if (status < 200) return parse(rest);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  if (rest.length < length) return undefined;
  return { status, body: Buffer.from(rest.slice(0, length), 'latin1').toString('utf8') };
}
