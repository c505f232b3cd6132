import { type AddressInfo, type Server, Socket } from 'node:net';

/** Where a listener's connections come from when it does not bind a port itself. */
export type ConnectionSource =
  /** A listening TCP socket that the parent process opened, systemd for example. Closing it here does not close it there. */
  | { readonly kind: 'inherited'; readonly fd: number }
  /** Another process accepts and hands over; `host` and `port` are its own. */
  | { readonly kind: 'handed' };

export interface ListenPlace {
  readonly host: string;
  readonly port: number;
  readonly source?: ConnectionSource | undefined;
}

/** The connections of one server of Node, from wherever they come. */
export class ListeningSockets {
  readonly #server: Server;
  readonly #limit: number;
  readonly #sockets = new Set<Socket>();
  #closing = false;
  #onEmpty: (() => void) | undefined;

  constructor(server: Server, limit: number) {
    this.#server = server;
    this.#limit = limit;
    server.maxConnections = limit;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#gone(socket));
    });
  }

  /** Open ones. */
  get count(): number {
    return this.#sockets.size;
  }

  /** Resolves with the address that is listened on. Rejects when it cannot be bound, or the descriptor is no TCP socket. */
  open({ host, port, source }: ListenPlace): Promise<{ readonly host: string; readonly port: number }> {
    if (source?.kind === 'handed') {
      // Servers of Node that start clocks when they begin to listen have to be told.
      this.#server.emit('listening');
      return Promise.resolve({ host, port });
    }
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(listenError(source, error));
      server.once('error', fail);
      server.listen(source === undefined ? { host, port } : { fd: source.fd }, () => {
        server.off('error', fail);
        server.on('error', ignoreAcceptError);
        const bound = server.address();
        if (isTcpAddress(bound)) resolve({ host: bound.address, port: bound.port });
        else {
          server.close();
          fail(new Error('it is a Unix socket'));
        }
      });
    });
  }

  /** Serves a connection that was accepted elsewhere. */
  take(connection: unknown): void {
    if (!(connection instanceof Socket)) return;
    if (this.#closing || this.#sockets.size >= this.#limit) {
      connection.destroy();
      return;
    }
    // As the server sets its own sockets up; half-closing must be allowed before the first byte is read.
    connection.allowHalfOpen = true;
    connection.setNoDelay(true);
    connection.setKeepAlive(true, 30_000);
    this.#server.emit('connection', connection);
  }

  /** Accepts nothing more; resolves when every connection is gone, which those that are left are after `graceMs`. */
  close(graceMs: number): Promise<void> {
    this.#closing = true;
    if (this.#server.listening) this.#server.close();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of this.#sockets) socket.destroy();
      }, graceMs);
      const earlier = this.#onEmpty;
      this.#onEmpty = () => {
        earlier?.();
        clearTimeout(timer);
        resolve();
      };
      this.#checkEmpty();
    });
  }

  #gone(socket: Socket): void {
    this.#sockets.delete(socket);
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#sockets.size > 0) return;
    const done = this.#onEmpty;
    this.#onEmpty = undefined;
    done?.();
  }
}

/** `cause`, or what it means of a descriptor that another process was to pass, of which the system says only EINVAL. */
export function listenError(source: ConnectionSource | undefined, cause: Error): Error {
  if (source?.kind !== 'inherited') return cause;
  return new Error(
    `the socket that systemd was to pass as descriptor ${source.fd} is missing or no TCP stream socket (${cause.message}); see that the .socket unit has one ListenStream= with a port and Accept=no, and that it is what starts this service`,
    { cause },
  );
}

/** accept(2) fails when descriptors or memory are short, which passes; without a listener it would end the process. */
export function ignoreAcceptError(): void {}

function isTcpAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
