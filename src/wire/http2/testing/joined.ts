import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { ClientConnection, ExchangeHandler, ResetReason } from '../../exchange.ts';
import { type FailureCause, Http2ClientConnection } from '../client-connection.ts';
import { defaultClientLimits, defaultServerLimits } from '../default-limits.ts';
import type { ConnectionError } from '../error-code.ts';
import type { Http2Limits } from '../limits.ts';
import { Http2ServerConnection, type ServerLimits } from '../server-connection.ts';

export interface Joined {
  readonly client: Http2ClientConnection<Failure>;
  readonly server: Http2ServerConnection;
  /** What the client has heard of its connection, streams aside. */
  readonly heard: Heard;
  /** The two ends of it. */
  readonly near: Socket;
  readonly far: Socket;
}

export interface Failure {
  readonly cause: FailureCause;
  readonly reason: ResetReason;
}

interface Heard {
  released: number;
  goaways: number;
  readonly closed: (ConnectionError | undefined)[];
  deaths: number;
}

export interface JoinOptions {
  readonly clientLimits?: Partial<Http2Limits>;
  readonly serverLimits?: Partial<ServerLimits>;
}

/** A client and a server of ours, over sockets of the loopback. */
export async function join(t: TestContext, handler: ExchangeHandler, options: JoinOptions = {}): Promise<Joined> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const near = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  for (const socket of [near, far]) {
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    t.after(() => socket.destroy());
  }
  const server = new Http2ServerConnection(far, clientOf(far), handler, {
    ...defaultServerLimits,
    ...options.serverLimits,
  });
  const heard: Heard = { released: 0, goaways: 0, closed: [], deaths: 0 };
  const client = await new Promise<Http2ClientConnection<Failure>>((resolve) => {
    const limits = { ...defaultClientLimits, ...options.clientLimits };
    const listener = {
      opened: () => resolve(connection),
      limitChanged: () => {},
      released: () => {
        heard.released += 1;
      },
      goaway: () => {
        heard.goaways += 1;
      },
      closed: (error: ConnectionError | undefined) => void heard.closed.push(error),
      died: () => {
        heard.deaths += 1;
      },
      failureOf: (cause: FailureCause, reason: ResetReason): Failure => ({ cause, reason }),
    };
    const connection = new Http2ClientConnection<Failure>(near, limits, listener, 'test');
  });
  return { client, server, heard, near, far };
}

function clientOf(socket: Socket): ClientConnection {
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const remoteAddress = socket.remoteAddress ?? '';
  return { id: 1, protocol: 'h2', remoteAddress, certificate: { kind: 'none' }, closed: gone.signal };
}
