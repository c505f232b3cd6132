import { ConnectionError, ErrorCode } from './error-code.ts';

const MOST_REMEMBERED = 1024;

/** The last streams that we broke: the peer may have sent on them before it heard of that (RFC 9113 section 5.1). */
export class BrokenStreams {
  /** How much of DATA can still be under way, by number. */
  readonly #underWay = new Map<number, number>();

  /** `window`: octets that the peer was allowed to send. */
  add(id: number, window: number): void {
    this.#underWay.set(id, window);
    if (this.#underWay.size <= MOST_REMEMBERED) return;
    const oldest = this.#underWay.keys().next();
    if (!oldest.done) this.#underWay.delete(oldest.value);
  }

  has(id: number): boolean {
    return this.#underWay.has(id);
  }

  /** DATA of `octets` on one of them. Throws ConnectionError when the peer was not allowed to send so much. */
  tolerate(id: number, octets: number): void {
    const left = (this.#underWay.get(id) ?? 0) - octets;
    if (left < 0) throw new ConnectionError(ErrorCode.STREAM_CLOSED, 'DATA goes on on a stream that is over');
    this.#underWay.set(id, left);
  }
}
