import { isUtf8 } from 'node:buffer';

/** The attributes of a certificate's subject that Kubernetes reads. */
export interface Subject {
  /** The last CN, as Go's pkix.Name keeps it; '' when there is none. */
  readonly commonName: string;
  /** Every O, in order. */
  readonly organizations: readonly string[];
  /** Every 1.3.6.1.4.1.57683.2, the user's UID for kube-apiserver ≥ 1.33 (gate AllowParsingUserUIDFromCertAuth). */
  readonly uids: readonly string[];
}

const COMMON_NAME = '550403';
const ORGANIZATION = '55040a';
const KUBERNETES_UID = '2b0601040183c25302';

/**
 * Reads the subject of a DER certificate (RFC 5280 section 4.1.2.6).
 * Node's `X509Certificate.subject` is a text whose escaping cannot be undone for every value, and an identity must not
 * depend on that, so the octets are read here. Throws `RangeError` on anything that is not a certificate.
 */
export function certificateSubject(der: Uint8Array): Subject {
  const certificate = enter(der, 0, der.length, 0x30);
  const tbs = enter(der, certificate.start, certificate.end, 0x30);
  let at = tbs.start;
  if (der[at] === 0xa0) at = element(der, at, tbs.end).end; // version
  for (let skipped = 0; skipped < 4; skipped++) at = element(der, at, tbs.end).end; // serial, signature, issuer, validity
  const name = enter(der, at, tbs.end, 0x30);

  let commonName = '';
  const organizations: string[] = [];
  const uids: string[] = [];
  for (let set = name.start; set < name.end; ) {
    const rdn = enter(der, set, name.end, 0x31);
    for (let pair = rdn.start; pair < rdn.end; ) {
      const attribute = enter(der, pair, rdn.end, 0x30);
      const type = enter(der, attribute.start, attribute.end, 0x06);
      const value = element(der, type.end, attribute.end);
      const oid = hex(der.subarray(type.start, type.end));
      if (oid === COMMON_NAME) commonName = text(der, value);
      else if (oid === ORGANIZATION) organizations.push(text(der, value));
      else if (oid === KUBERNETES_UID) uids.push(text(der, value));
      pair = attribute.end;
    }
    set = rdn.end;
  }
  return { commonName, organizations, uids };
}

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** One definite-length TLV; DER allows no other (X.690 section 10.1). */
function element(der: Uint8Array, at: number, limit: number): Element {
  const tag = byte(der, at, limit);
  let length = byte(der, at + 1, limit);
  let start = at + 2;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    if (octets === 0 || octets > 4) throw new RangeError('certificate: length out of bounds');
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + byte(der, start + i, limit);
    start += octets;
  }
  if (start + length > limit) throw new RangeError('certificate: element longer than its container');
  return { tag, start, end: start + length };
}

function enter(der: Uint8Array, at: number, limit: number, tag: number): Element {
  const found = element(der, at, limit);
  if (found.tag !== tag) throw new RangeError(`certificate: expected tag ${tag}, found ${found.tag}`);
  return found;
}

function byte(der: Uint8Array, at: number, limit: number): number {
  const value = at < limit ? der[at] : undefined;
  if (value === undefined) throw new RangeError('certificate: ends early');
  return value;
}

function text(der: Uint8Array, { tag, start, end }: Element): string {
  const octets = der.subarray(start, end);
  switch (tag) {
    case 0x0c: // UTF8String
      if (!isUtf8(octets)) throw new RangeError('certificate: subject attribute is not valid UTF-8');
      return Buffer.from(octets).toString('utf8');
    case 0x13: // PrintableString
    case 0x16: // IA5String
    case 0x12: // NumericString
    case 0x14: // T61String, read as Latin-1 as Go does
      return Buffer.from(octets).toString('latin1');
    case 0x1e: // BMPString
      return Buffer.from(octets).swap16().toString('utf16le');
    default:
      throw new RangeError(`certificate: subject attribute of type ${tag} is not a string`);
  }
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
