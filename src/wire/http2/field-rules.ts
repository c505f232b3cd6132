import { isConnectionSpecific } from '../raw-fields.ts';

/** What may stand in a field name of HTTP/2: a token without capital letters (RFC 9110 section 5.6.2, RFC 9113 section 8.2.1). */
const NAME_OCTETS = new Uint8Array(256);
for (const octet of Buffer.from("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz", 'latin1'))
  NAME_OCTETS[octet] = 1;

const TAB = 0x09;
const SPACE = 0x20;
const COLON = 0x3a;
const DELETE = 0x7f;

/**
 * Whether a field may stand in a message at all (RFC 9113 sections 8.2.1 and 8.2.2); of a pseudo-header field only the
 * octets are looked at, the rest depends on the message.
 */
export function isValidField(name: string, value: string): boolean {
  return (
    isValidName(name) && isValidValue(value) && !isConnectionSpecific(name) && (name !== 'te' || isTrailers(value))
  );
}

function isValidName(name: string): boolean {
  const start = name.charCodeAt(0) === COLON ? 1 : 0;
  if (name.length === start) return false;
  for (let i = start; i < name.length; i += 1) if (NAME_OCTETS[name.charCodeAt(i)] !== 1) return false;
  return true;
}

/** No control characters, and no white space around it. */
function isValidValue(value: string): boolean {
  const { length } = value;
  if (length === 0) return true;
  if (isSpace(value.charCodeAt(0)) || isSpace(value.charCodeAt(length - 1))) return false;
  for (let i = 0; i < length; i += 1) {
    const octet = value.charCodeAt(i);
    if ((octet < SPACE && octet !== TAB) || octet === DELETE || octet > 0xff) return false;
  }
  return true;
}

function isSpace(octet: number): boolean {
  return octet === SPACE || octet === TAB;
}

function isTrailers(value: string): boolean {
  return value.toLowerCase() === 'trailers';
}

/** The octets that a content-length declares; undefined: it is no number that can be one (RFC 9110 section 8.6). */
export function contentLength(value: string): number | undefined {
  if (!/^\d{1,15}$/.test(value)) return undefined;
  return Number(value);
}
