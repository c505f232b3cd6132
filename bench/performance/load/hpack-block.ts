/** Header blocks as Go's clients send them: what repeats on a connection is in the dynamic table after the first request. */

/** RFC 7541 section 6.1, static table: `:method GET`, `:scheme https`. */
const GET_HTTPS = Buffer.from([0x82, 0x87]);
/** Literals with incremental indexing (section 6.2.1) for `:authority`, `authorization`, `accept`. */
const AUTHORITY = 0x41;
const AUTHORIZATION = 0x40 | 23;
const ACCEPT = 0x40 | 19;
/** A literal without indexing (section 6.2.2) for `:path`. */
const PATH = 0x04;
/** Where the three are then (section 2.3.3): the newest first. */
const INDEXED = { authority: Buffer.from([0x80 | 64]), rest: Buffer.from([0x80 | 63, 0x80 | 62]) };

export interface GetHead {
  readonly authority: string;
  readonly path: string;
  readonly token: string;
}

/** The block of the first GET on a connection, and that of all others for the same head. */
export function getBlocks({ authority, path, token }: GetHead): { readonly first: Buffer; readonly later: Buffer } {
  const target = literal(PATH, path);
  return {
    first: Buffer.concat([
      GET_HTTPS,
      literal(AUTHORITY, authority),
      target,
      literal(AUTHORIZATION, `Bearer ${token}`),
      literal(ACCEPT, 'application/json'),
    ]),
    later: Buffer.concat([GET_HTTPS, INDEXED.authority, target, INDEXED.rest]),
  };
}

/** Section 5.2, without Huffman coding. */
function literal(prefix: number, text: string): Buffer {
  const octets = Buffer.from(text, 'latin1');
  return Buffer.concat([Buffer.from([prefix, ...integer(octets.length)]), octets]);
}

/** Section 5.1, with a prefix of 7 bits. */
function integer(value: number): number[] {
  if (value < 127) return [value];
  const octets = [127];
  for (let rest = value - 127; ; rest >>= 7) {
    if (rest < 128) return [...octets, rest];
    octets.push((rest & 127) | 128);
  }
}
