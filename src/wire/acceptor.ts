import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ignoreAcceptError, type ListenPlace, listenError } from './listening-sockets.ts';

/** A port whose connections others serve. */
export interface Acceptor {
  readonly host: string;
  readonly port: number;
  /** Accepts nothing more. Connections that were passed on live on. */
  close(): void;
}

/** A connection on which nothing was read yet. */
export type AcceptedConnection = Socket;

/** Accepts connections and reads none of their bytes. Rejects when the place cannot be listened on. */
export function openAcceptor(
  { host, port, source }: ListenPlace,
  accepted: (connection: AcceptedConnection) => void,
): Promise<Acceptor> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (connection) => {
    connection.on('error', () => connection.destroy());
    accepted(connection);
  });
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(listenError(source, error));
    server.once('error', fail);
    server.listen(source?.kind === 'inherited' ? { fd: source.fd } : { host, port }, () => {
      server.off('error', fail);
      server.on('error', ignoreAcceptError);
      const bound: AddressInfo | string | null = server.address();
      if (typeof bound === 'object' && bound !== null) {
        resolve({ host: bound.address, port: bound.port, close: () => void server.close() });
        return;
      }
      server.close();
      fail(new Error('it is a Unix socket'));
    });
  });
}
