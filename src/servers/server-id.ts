import { createHash } from 'node:crypto';

/** RFC 4648 section 6, lower case. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const ID_BYTES = 16;

/**
 * The name of an API server's identity Lease (KEP-1965; pkg/controlplane/apiserver/server.go): a hash of the host name and
 * of what runs there. Two servers of one host name share it.
 */
export function serverId(hostname: string, component = 'kube-apiserver'): string {
  const hash = createHash('sha256');
  for (const text of [hostname, component]) {
    const bytes = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return `apiserver-${base32(hash.digest().subarray(0, ID_BYTES))}`;
}

/** Without padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >>> bits) & 31];
    }
    held &= 31;
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31];
}
