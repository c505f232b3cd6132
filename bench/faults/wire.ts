import { relayTcp, type TcpAddress, type TcpRelay } from '../../src/wire/tcp-relay.ts';

/** The network in front of one server. */
export class Wire {
  readonly #relay: TcpRelay;
  readonly #destination: { address: TcpAddress | undefined; isCut: boolean };

  private constructor(relay: TcpRelay, destination: { address: TcpAddress | undefined; isCut: boolean }) {
    this.#relay = relay;
    this.#destination = destination;
  }

  /** Has an address from now on; leads nowhere yet. */
  static async create(): Promise<Wire> {
    const destination: { address: TcpAddress | undefined; isCut: boolean } = { address: undefined, isCut: false };
    const choose = () => (destination.isCut ? undefined : destination.address);
    return new Wire(await relayTcp({ host: '127.0.0.1', port: 0, choose }), destination);
  }

  get port(): number {
    return this.#relay.port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  leadTo(url: string): void {
    const { hostname, port } = new URL(url);
    this.#destination.address = { host: hostname, port: Number(port) };
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

  /** Breaks all connections once. */
  reset(): void {
    this.#relay.cut();
  }

  close(): Promise<void> {
    return this.#relay.close();
  }
}
