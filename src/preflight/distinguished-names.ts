import type { X509Certificate } from 'node:crypto';

const SEQUENCE = 0x30;
const VERSION = 0xa0;

/** The name of a certificate's issuer in DER (RFC 5280 section 4.1), for comparison with what a server asks for. */
export function issuerName(certificate: X509Certificate): Buffer | undefined {
  const tbs = contentOf(contentOf(certificate.raw, 0, SEQUENCE) ?? Buffer.alloc(0), 0, SEQUENCE);
  if (tbs === undefined) return undefined;
  let at = 0;
  // version (optional), serialNumber, signature; then the issuer.
  for (let skip = tbs[0] === VERSION ? 3 : 2; skip > 0; skip--) {
    const end = endOf(tbs, at);
    if (end === undefined) return undefined;
    at = end;
  }
  const end = endOf(tbs, at);
  return end === undefined ? undefined : tbs.subarray(at, end);
}

/** 2.5.4.3 */
const COMMON_NAME = Buffer.from([0x06, 0x03, 0x55, 0x04, 0x03]);

/** The common name within a name in DER; '' when there is none. */
export function commonNameIn(name: Buffer): string {
  const at = name.indexOf(COMMON_NAME);
  if (at === -1) return '';
  const start = at + COMMON_NAME.length;
  const end = endOf(name, start);
  return end === undefined ? '' : name.subarray(start + 2, end).toString('utf8');
}

function contentOf(bytes: Buffer, at: number, tag: number): Buffer | undefined {
  const head = headOf(bytes, at);
  if (head === undefined || bytes[at] !== tag) return undefined;
  return bytes.subarray(head.start, head.start + head.length);
}

function endOf(bytes: Buffer, at: number): number | undefined {
  const head = headOf(bytes, at);
  return head === undefined || head.start + head.length > bytes.length ? undefined : head.start + head.length;
}

/** ITU-T X.690 section 8.1.3, definite form. */
function headOf(bytes: Buffer, at: number): { readonly start: number; readonly length: number } | undefined {
  const first = bytes[at + 1];
  if (first === undefined) return undefined;
  if (first < 0x80) return { start: at + 2, length: first };
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4 || at + 2 + octets > bytes.length) return undefined;
  return { start: at + 2 + octets, length: bytes.readUIntBE(at + 2, octets) };
}
