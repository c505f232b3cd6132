import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

export interface TcpRelayOptions extends TcpAddress {
  /** Asked once for each connection; undefined refuses it. */
  readonly choose: () => TcpAddress | undefined;
}

/** Passes the bytes of every connection on, unread: a balancer of OSI layer 4, or a wire that can be cut. */
export interface TcpRelay extends TcpAddress {
  /** Connections stay open and new ones are accepted, but no byte moves until `resume`. */
  hang(): void;
  resume(): void;
  /** What is sent on the connections there are is lost from now on; new ones work. */
  freeze(): void;
  /** How many connections are open. */
  readonly connections: number;
  /** Breaks every connection. */
  cut(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  server: Socket | undefined;
}

/** Rejects when the port cannot be bound. */
export async function relayTcp({ host, port, choose }: TcpRelayOptions): Promise<TcpRelay> {
  const pairs = new Set<Pair>();
  const frozen = new WeakSet<Pair>();
  let hanging = false;

  const join = (pair: Pair): void => {
    const address = choose();
    if (address === undefined) {
      pair.client.resetAndDestroy();
      return;
    }
    const { client } = pair;
    const server = connect({ ...address, noDelay: true, allowHalfOpen: true });
    pair.server = server;
    const over = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.on('error', over);
      socket.on('close', over);
    }
    client.pipe(server);
    server.pipe(client);
  };

  const listener = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const pair: Pair = { client, server: undefined };
    pairs.add(pair);
    client.on('error', () => client.destroy());
    client.once('close', () => pairs.delete(pair));
    if (!hanging) join(pair);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ host, port }, () => {
      listener.off('error', reject);
      resolve();
    });
  });
  const bound = listener.address() as AddressInfo;

  const cut = (): void => {
    for (const { client, server } of pairs) {
      client.destroy();
      server?.destroy();
    }
  };
  const pause = ({ client, server }: Pair): void => {
    if (server === undefined) return;
    client.unpipe(server);
    server.unpipe(client);
  };
  return {
    host: bound.address,
    port: bound.port,
    get connections() {
      return pairs.size;
    },
    hang() {
      hanging = true;
      pairs.forEach(pause);
    },
    freeze() {
      for (const pair of pairs) {
        frozen.add(pair);
        pause(pair);
        for (const socket of [pair.client, pair.server]) socket?.once('end', () => socket.destroy()).resume();
      }
    },
    resume() {
      hanging = false;
      for (const pair of pairs) {
        if (frozen.has(pair)) continue;
        const { client, server } = pair;
        if (server === undefined) join(pair);
        else {
          client.pipe(server);
          server.pipe(client);
        }
      }
    },
    cut,
    close() {
      return new Promise((resolve) => {
        listener.close(() => resolve());
        cut();
      });
    },
  };
}
