import { Budget } from './budget.ts';
import { ConnectionError, ErrorCode } from './error-code.ts';
import { type Http2Limits, IDLE_FRAME_BURST, IDLE_FRAMES_PER_SECOND, WORTHWHILE_BYTES } from './limits.ts';

/** How a peer behaves: what costs it nothing and us something, it may do only so often (RFC 9113 section 10.5). */
export class Conduct {
  readonly #breaks: Budget;
  readonly #idleFrames = new Budget(IDLE_FRAME_BURST, IDLE_FRAMES_PER_SECOND);

  constructor({ resetBurst, resetsPerSecond }: Pick<Http2Limits, 'resetBurst' | 'resetsPerSecond'>) {
    this.#breaks = new Budget(resetBurst, resetsPerSecond);
  }

  /** A stream was broken, by RST_STREAM or by a broken rule: making and breaking them is cheap (CVE-2023-44487, CVE-2025-8671). */
  broke(): void {
    if (!this.#breaks.take()) throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too many streams were broken');
  }

  /**
   * A frame that carries nothing, though it may be of use: PING, SETTINGS, PRIORITY, unknown ones, empty DATA, WINDOW_UPDATE,
   * what belongs to no stream (CVE-2019-9511 to CVE-2019-9518).
   */
  idled(): void {
    if (!this.#idleFrames.take()) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too many frames that carry nothing');
    }
  }

  /** A frame that brought something. */
  delivered(): void {
    this.#idleFrames.give();
  }

  /** It was sent `octets`, for which it may open two windows, the stream's and the connection's; but not an octet at a time. */
  received(octets: number): void {
    if (octets >= WORTHWHILE_BYTES) this.#idleFrames.give(2);
  }
}
