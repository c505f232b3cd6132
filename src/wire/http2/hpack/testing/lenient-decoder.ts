import { type HeaderBlock, HpackDecoder, type HpackDecoderOptions } from '../hpack-decoder.ts';
import { HpackError } from '../hpack-error.ts';
import { STATIC_LENGTH } from '../static-table.ts';

/** A decoder that takes anything, but for `options`. */
export function lenientDecoder(options: Partial<HpackDecoderOptions> = {}): HpackDecoder {
  return new HpackDecoder({
    maxTableSize: 4096,
    maxListSize: 65_536,
    maxFields: 1000,
    isValid: () => true,
    ...options,
  });
}

/** Decodes a block given in hexadecimal digits; white space is ignored. */
export function decodeHex(decoder: HpackDecoder, digits: string): HeaderBlock {
  const bytes = Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');
  return decoder.decode(bytes, 0, bytes.length);
}

/** What stands in the dynamic table, newest first, as `name: value`: each index is asked for until there is none. */
export function tableOf(decoder: HpackDecoder): string[] {
  const entries: string[] = [];
  for (let index = STATIC_LENGTH + 1; ; index++) {
    try {
      entries.push(decoder.decode(indexed(index), 0, indexed(index).length).fields.join(': '));
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      return entries;
    }
  }
}

/** An indexed field (RFC 7541 section 6.1), for indices below 127 + 2^14. */
export function indexed(index: number): Buffer {
  if (index < 127) return Buffer.from([0x80 | index]);
  const rest = index - 127;
  return Buffer.from(rest < 128 ? [0xff, rest] : [0xff, (rest & 0x7f) | 0x80, rest >> 7]);
}
