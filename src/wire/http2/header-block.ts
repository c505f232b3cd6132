import { ConnectionError, ErrorCode } from './error-code.ts';

/** A header block that came with HEADERS and goes on with CONTINUATION frames (RFC 9113 section 6.10). */
export class OpenHeaderBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly #maxBytes: number;
  readonly #fragments: Buffer[] = [];
  #bytes = 0;

  /** More than `maxBytes` octets, or more fragments than they would need, end the connection. */
  constructor(streamId: number, endStream: boolean, maxBytes: number) {
    this.streamId = streamId;
    this.endStream = endStream;
    this.#maxBytes = maxBytes;
  }

  /** Keeps a copy of `bytes[start..end)`. */
  add(bytes: Buffer, start: number, end: number): void {
    this.#bytes += end - start;
    // CONTINUATION flood (CVE-2024-27316, CVE-2024-27983): endless, or of empty frames.
    if (this.#bytes > this.#maxBytes || this.#fragments.length > MOST_FRAGMENTS) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'a header block does not end');
    }
    this.#fragments.push(Buffer.from(bytes.subarray(start, end)));
  }

  whole(): Buffer {
    return Buffer.concat(this.#fragments, this.#bytes);
  }
}

const MOST_FRAGMENTS = 64;
