/** HTTP/2 frames built by hand (RFC 9113 section 4.1), for peers that misbehave. */

export const H2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.byteLength, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** Fields as HPACK literals without indexing or Huffman coding (RFC 7541 section 6.2.2); each string below 127 octets. */
export function literals(fields: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (const [i, text] of fields.entries()) {
    const octets = Buffer.from(text, 'latin1');
    if (i % 2 === 0) parts.push(Buffer.from([0]));
    parts.push(Buffer.from([octets.byteLength]), octets);
  }
  return Buffer.concat(parts);
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** Splits received bytes into frames; keeps an incomplete one for the next call. */
export class FrameReader {
  #rest = Buffer.alloc(0);

  push(chunk: Uint8Array): Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (this.#rest.byteLength >= 9) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.byteLength < 9 + length) break;
      frames.push({
        type: this.#rest.readUInt8(3),
        flags: this.#rest.readUInt8(4),
        streamId: this.#rest.readUInt32BE(5),
        payload: this.#rest.subarray(9, 9 + length),
      });
      this.#rest = this.#rest.subarray(9 + length);
    }
    return frames;
  }
}
