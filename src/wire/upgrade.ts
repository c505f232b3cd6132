import { type IncomingMessage, request } from 'node:http';
import type { SecureContext, TLSSocket } from 'node:tls';
import { authorityOf } from './endpoint.ts';
import type { RequestHead } from './exchange.ts';
import { connectFailure, lostConnection } from './node-error.ts';
import { declaresBody, isUnsafe, lowerNames, TOKEN } from './raw-fields.ts';
import { ReadableBody } from './stream-body.ts';
import { openTunnel } from './tunnel.ts';
import type { UpgradeAnswer, UpstreamOptions } from './upstream.ts';
import { dial, WireError } from './upstream-socket.ts';

const MAX_HEAD = 64 * 1024;
/**
 * How long a server may take to answer. Nothing else bounds it: no PING shows that an HTTP/1.1 server hangs. Before it
 * answers, kube-apiserver may call admission webhooks and dial a kubelet, each within 30 s.
 */
const ANSWER_MS = 60_000;

export interface UpgradeSignals {
  /** Gives up until the server has switched, a refusal not yet read included; from then on the tunnel has its own ends. */
  readonly attempt: AbortSignal;
  /** Destroys the connection whatever it carries. */
  readonly connection: AbortSignal;
}

/**
 * Asks the server to switch protocols, on a TLS connection of its own. Without a 101 the connection is destroyed as soon
 * as the answer has arrived or `attempt` aborts: it must never carry another request, which the server might take for tunnel bytes or the
 * other way round (CVE-2018-1002105). `onGone` is called once, when the socket is closed.
 */
export async function upgradeUpstream(
  options: UpstreamOptions,
  context: SecureContext,
  head: RequestHead,
  signals: UpgradeSignals,
  onGone: () => void,
): Promise<UpgradeAnswer> {
  const raw = rawHead(head, options);
  if (typeof raw === 'string') {
    onGone();
    return { kind: 'failed', failure: { processed: 'no', reason: 'protocol', cause: 'protocol', message: raw } };
  }
  const socket = dial(options, context, 'http/1.1');
  const stop = (): void => void socket.destroy();
  const listened = [signals.attempt, signals.connection];
  for (const signal of listened) signal.addEventListener('abort', stop);
  socket.once('close', () => {
    for (const signal of listened) signal.removeEventListener('abort', stop);
    onGone();
  });
  if (listened.some((signal) => signal.aborted)) stop();
  try {
    await established(socket, options.connectTimeoutMs);
  } catch (error) {
    return { kind: 'failed', failure: connectFailure(error, options) };
  }
  const timer = setTimeout(() => socket.destroy(new WireError('ERR_WIRE_ANSWER_TIMEOUT')), ANSWER_MS);
  const answer = await send(socket, head, raw, options);
  clearTimeout(timer);
  if (answer.kind === 'switched') signals.attempt.removeEventListener('abort', stop);
  return answer;
}

function established(socket: TLSSocket, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new WireError('ERR_WIRE_CONNECT_TIMEOUT')), timeoutMs);
    socket.once('error', reject);
    socket.on('error', () => {});
    socket.once('secureConnect', resolve);
    socket.once('close', () => reject(new WireError('ERR_WIRE_CLOSED')));
    for (const event of ['secureConnect', 'close']) socket.once(event, () => clearTimeout(timer));
  });
}

function send(socket: TLSSocket, head: RequestHead, raw: string[], options: UpstreamOptions): Promise<UpgradeAnswer> {
  return new Promise((resolve) => {
    const outgoing = request({
      createConnection: () => socket,
      method: head.method,
      path: head.target,
      headers: raw,
      setDefaultHeaders: false,
      insecureHTTPParser: false,
      maxHeaderSize: MAX_HEAD,
    });
    outgoing.on('upgrade', (response, _socket, early) => {
      resolve({ kind: 'switched', head: responseHead(response), tunnel: openTunnel(socket, early) });
    });
    outgoing.on('response', (response) => {
      response.on('error', () => {});
      response.once('close', () => socket.destroy());
      // A whole answer is kept by Node; nobody need read it for the connection to end.
      const whole = (): void => {
        if (response.complete) socket.destroy();
      };
      socket.on('data', whole);
      setImmediate(whole);
      const body = new ReadableBody(response, {
        complete: () => response.complete,
        trailers: () => lowerNames(response.rawTrailers),
        reason: () => 'connection-lost',
      });
      resolve({ kind: 'refused', head: responseHead(response), body });
    });
    outgoing.on('error', (error) => resolve({ kind: 'failed', failure: lostConnection(error, options) }));
    outgoing.once('close', () => resolve({ kind: 'failed', failure: lostConnection(undefined, options) }));
    outgoing.end();
  });
}

function responseHead(response: IncomingMessage): { status: number; fields: string[] } {
  return { status: response.statusCode ?? 0, fields: lowerNames(response.rawHeaders) };
}

/** The field lines of the request, or why it cannot be sent. */
function rawHead(head: RequestHead, options: UpstreamOptions): string[] | string {
  if (declaresBody(head.fields)) {
    return 'a request to switch protocols cannot carry a body; send it without one';
  }
  if (!/^[A-Z-]+$/.test(head.method) || !/^[\x21-\x7e\x80-\xff]+$/.test(head.target)) {
    return 'its method or target holds characters that HTTP cannot carry';
  }
  const raw = ['host', head.authority ?? authorityOf(options)];
  for (let i = 0; i + 1 < head.fields.length; i += 2) {
    const name = head.fields[i] ?? '';
    if (!TOKEN.test(name)) return `${JSON.stringify(name)} is no name of a field`;
    if (name !== 'host') raw.push(name, head.fields[i + 1] ?? '');
  }
  if (raw.some(isUnsafe)) return 'a field of the request holds characters that HTTP cannot carry';
  return raw;
}
