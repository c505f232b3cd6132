import { relayTcp, type TcpAddress, type TcpRelay } from '../../src/wire/tcp-relay.ts';

/** The network in front of one server. */
export class Wire {
  readonly url: string;
  readonly #relay: TcpRelay;
  readonly #destination: Destination;

  private constructor(relay: TcpRelay, destination: Destination) {
    this.url = `https://${relay.host}:${relay.port}`;
    this.#relay = relay;
    this.#destination = destination;
  }

  /** Listens at `host` (an address of this machine), by default at the port of the server at `url`, and leads there. */
  static async create(url: string, host: string, port = Number(new URL(url).port)): Promise<Wire> {
    const destination: Destination = { address: addressOf(url), isCut: false };
    const choose = () => (destination.isCut ? undefined : destination.address);
    return new Wire(await relayTcp({ host, port, choose }), destination);
  }

  /** New connections lead to another place; open ones break. */
  leadTo(url: string): void {
    this.#destination.address = addressOf(url);
    this.#relay.cut();
  }

  /** Connections break, and new ones break at once. */
  cut(): void {
    this.#destination.isCut = true;
    this.#relay.cut();
  }

  /** Connections stay open on both sides, new ones are accepted, and no byte moves. */
  silence(): void {
    this.#relay.hang();
  }

  /** Breaks what was open during the fault, as a network does that has lost its state. */
  heal(): void {
    this.#destination.isCut = false;
    this.#relay.cut();
    this.#relay.resume();
  }

  close(): Promise<void> {
    return this.#relay.close();
  }
}

interface Destination {
  address: TcpAddress;
  isCut: boolean;
}

function addressOf(url: string): TcpAddress {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
