import type { Socket } from 'node:net';

/** What an Output sees of a socket: writes are kept until the test takes them, as a peer that does not read would. */
export class FakeSocket {
  readonly #pending: { readonly length: number; readonly sent: () => void }[] = [];
  /** A copy of each write as it was when it was handed over, and the memory that it lay in. */
  readonly writes: { readonly copy: Buffer; readonly lent: Uint8Array }[] = [];
  destroyed = false;
  writable = true;
  writableLength = 0;

  write(lent: Uint8Array, sent: () => void): boolean {
    this.writes.push({ copy: Buffer.from(lent), lent });
    this.#pending.push({ length: lent.length, sent });
    this.writableLength += lent.length;
    return false;
  }

  /** The oldest write has left. */
  take(): void {
    const write = this.#pending.shift();
    if (write === undefined) throw new TypeError('Nothing was written.');
    this.writableLength -= write.length;
    write.sent();
  }

  takeAll(): void {
    while (this.#pending.length > 0) this.take();
  }

  get pending(): number {
    return this.#pending.length;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.writes.map(({ copy }) => copy));
  }

  asSocket(): Socket {
    return this as unknown as Socket;
  }
}
