import { addressBytes, canonicalAddress } from './ip-address.ts';

/** An IP network: every address that begins with these bits. */
export interface AddressRange {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/** `10.0.0.0/8`, `fd00::/8`, or a single address. Undefined for what is none. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const canonical = canonicalAddress(address);
  // An IPv4 address inside an IPv6 one would make its length mean something else.
  if (canonical === undefined || canonical.includes(':') !== address.includes(':') || rest.length > 0) return undefined;
  const bytes = addressBytes(canonical) ?? [];
  if (length === undefined) return { bytes, bits: bytes.length * 8 };
  if (!/^\d{1,3}$/.test(length) || Number(length) > bytes.length * 8) return undefined;
  return { bytes, bits: Number(length) };
}

/** Whether a canonical address lies in one of `ranges`. */
export function isWithin(canonical: string, ranges: readonly AddressRange[]): boolean {
  const bytes = addressBytes(canonical) ?? [];
  return ranges.some((range) => range.bytes.length === bytes.length && hasPrefix(bytes, range));
}

function hasPrefix(bytes: readonly number[], { bytes: prefix, bits }: AddressRange): boolean {
  return prefix.every((byte, at) => {
    const counting = Math.min(8, Math.max(0, bits - at * 8));
    const mask = (0xff << (8 - counting)) & 0xff;
    return (byte & mask) === ((bytes[at] ?? 0) & mask);
  });
}
