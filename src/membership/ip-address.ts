/**
 * The one spelling of an IP address: dotted decimal, or RFC 5952 for IPv6. An IPv4 address inside an IPv6 one
 * (`::ffff:10.0.0.1`) is the IPv4 address, because that is whom it reaches. Undefined for anything else, zones included.
 */
export function canonicalAddress(text: string): string | undefined {
  const bytes = addressBytes(text);
  if (bytes === undefined) return undefined;
  if (bytes.length === 4) return bytes.join('.');
  if (MAPPED.every((byte, at) => bytes[at] === byte)) return bytes.slice(12).join('.');
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

/** 4 or 16 bytes; undefined for what is no IP address. */
export function addressBytes(text: string): readonly number[] | undefined {
  return text.includes(':') ? bytesOfIPv6(text) : bytesOfIPv4(text);
}

/** An address as part of an authority (RFC 3986 section 3.2.2). */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * Why no server of a cluster can have this canonical address, in one word; undefined when one can. These are the targets of
 * server-side request forgery: the machine itself, and what answers on every link, such as a cloud's metadata service.
 */
export function specialUse(canonical: string): 'unspecified' | 'loopback' | 'link-local' | 'multicast' | undefined {
  const bytes = addressBytes(canonical) ?? [];
  const [first = 0, second = 0] = bytes;
  if (bytes.length === 4) {
    if (first === 0) return 'unspecified';
    if (first === 127) return 'loopback';
    if (first === 169 && second === 254) return 'link-local';
    if (first >= 224 && first < 240) return 'multicast';
    return bytes.every((byte) => byte === 255) ? 'multicast' : undefined;
  }
  if (first === 0xff) return 'multicast';
  if (first === 0xfe && (second & 0xc0) === 0x80) return 'link-local';
  // Deprecated IPv4-compatible addresses, `::` and `::1` among them, and those that a NAT64 gateway translates (RFC 6052).
  if (COMPATIBLE.every((byte, at) => bytes[at] === byte)) {
    return bytes.at(-1) === 1 && bytes.slice(12, 15).every((byte) => byte === 0) ? 'loopback' : 'unspecified';
  }
  if (NAT64.every((byte, at) => bytes[at] === byte)) return specialUse(bytes.slice(12).join('.'));
  return undefined;
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const COMPATIBLE = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const NAT64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

/** Four decimal numbers without leading zeros: other spellings mean different hosts to different programs. */
function bytesOfIPv4(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function bytesOfIPv6(text: string): readonly number[] | undefined {
  const url = `http://[${text}]`;
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text) || !URL.canParse(url)) return undefined;
  const [head = '', tail] = new URL(url).hostname.slice(1, -1).split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
