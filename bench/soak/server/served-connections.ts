import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ClientConnection, ServerExchange } from '../../../src/wire/exchange.ts';
import type { H2Connection } from '../../../src/wire/http2-engine.ts';
import type { Order } from './misbehaviour.ts';

/** RFC 9113 sections 4.1 and 6.8. */
const GOAWAY = 7;
const FRAME_HEADER_BYTES = 9;
/** After GOAWAY with an early last stream: what is below it may take so long. */
const FAREWELL_MS = 5_000;

interface Served {
  readonly raw: Socket;
  readonly socket: TLSSocket;
  /** Undefined for HTTP/1.1. */
  readonly h2: H2Connection | undefined;
  /** Of the streams that are answered, or executed. */
  highestBegun: number;
  /** Streams above are not served. */
  last: number;
}

/** The connections of a server, as far as it may break them or send them away. */
export class ServedConnections {
  readonly #served = new Map<number, Served>();

  add(connection: ClientConnection, raw: Socket, socket: TLSSocket, h2: H2Connection | undefined): void {
    const last = Number.POSITIVE_INFINITY;
    this.#served.set(connection.id, { raw, socket, h2, highestBegun: 0, last });
    socket.once('close', () => this.#served.delete(connection.id));
  }

  /** Whether GOAWAY has said that the exchange is not served. */
  refuses(exchange: ServerExchange): boolean {
    const served = this.#served.get(exchange.connection.id);
    return served === undefined || streamIdOf(exchange) > served.last;
  }

  /** Whether the exchange may be answered. From then on no GOAWAY says that it was not. */
  begin(exchange: ServerExchange): boolean {
    if (this.refuses(exchange)) return false;
    const served = this.#served.get(exchange.connection.id);
    if (served !== undefined) served.highestBegun = Math.max(served.highestBegun, streamIdOf(exchange));
    return true;
  }

  obey(order: Order): void {
    for (const served of [...this.#served.values()]) {
      if (order.kind === 'cut') cut(served, order.abruptly);
      else if (order.kind === 'goaway' && served.h2 !== undefined) {
        if (order.refusing) refuse(served);
        else served.h2.drain();
      }
    }
  }
}

function cut({ raw, socket }: Served, abruptly: boolean): void {
  if (abruptly) raw.resetAndDestroy();
  socket.destroy();
}

/** Written past the engine, which would not say it: between two ticks it has written whole frames only. */
function refuse(served: Served): void {
  if (served.last !== Number.POSITIVE_INFINITY) return;
  served.last = served.highestBegun;
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + 8);
  frame.writeUIntBE(8, 0, 3);
  frame.writeUInt8(GOAWAY, 3);
  frame.writeUInt32BE(served.last, FRAME_HEADER_BYTES);
  served.socket.write(frame);
  setTimeout(() => served.socket.destroy(), FAREWELL_MS).unref();
}

/** Streams of our own engine know their number; where there is none, nothing is refused. */
function streamIdOf(exchange: ServerExchange): number {
  return 'id' in exchange && typeof exchange.id === 'number' ? exchange.id : 0;
}
