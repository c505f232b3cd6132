import { ConnectionError, ErrorCode } from './error-code.ts';

/**
 * What the peer may send on a connection (RFC 9113 section 5.2). What has arrived is credited at once, whoever reads it: one
 * stream that is not read must not stop the others. Only when more than `maxHeld` octets wait for readers, nothing is.
 */
export class ReceiveWindow {
  readonly #size: number;
  readonly #maxHeld: number;
  readonly #credit: (octets: number) => void;
  #left: number;
  #owed = 0;
  #held = 0;

  /** `credit` announces `octets` more, in steps of half a window. */
  constructor(size: number, maxHeld: number, credit: (octets: number) => void) {
    this.#size = size;
    this.#maxHeld = maxHeld;
    this.#credit = credit;
    this.#left = size;
  }

  /** A DATA frame of `octets` begins. */
  take(octets: number): void {
    this.#left -= octets;
    if (this.#left < 0) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than the connection allows');
    }
    this.#owed += octets;
  }

  /** The piece of DATA that just arrived went where it belongs. */
  settle(): void {
    if (this.#owed < this.#size / 2 || this.isFull) return;
    this.#left += this.#owed;
    this.#credit(this.#owed);
    this.#owed = 0;
  }

  /** `octets` more, or less, wait for readers. */
  hold(octets: number): void {
    this.#held += octets;
    if (octets < 0) this.settle();
  }

  get isFull(): boolean {
    return this.#held > this.#maxHeld;
  }
}
