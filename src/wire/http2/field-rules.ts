import { isConnectionSpecific } from '../raw-fields.ts';

const LOWER = '0123456789abcdefghijklmnopqrstuvwxyz';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const TOKEN_MARKS = "!#$%&'*+-.^_`|~";
/** RFC 9110 section 5.6.2; in a field name of HTTP/2 without capital letters (RFC 9113 section 8.2.1). */
const TOKEN_OCTETS = octets(TOKEN_MARKS + LOWER + UPPER);
const NAME_OCTETS = octets(TOKEN_MARKS + LOWER);
/** RFC 3986 section 3.2, without `@`. */
const AUTHORITY_OCTETS = octets(`${LOWER}${UPPER}-._~%!$&'()*+,;=:[]`);
const PATH_OCTETS = new Uint8Array(256).fill(1, 0x21).fill(0, 0x7f, 0x80);

function octets(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const octet of Buffer.from(characters, 'latin1')) table[octet] = 1;
  return table;
}

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

/** A request's control data, octet by octet: what is looser is read differently by the next reader (RFC 9113 section 8.3.1). */
export function isMethod(value: string): boolean {
  return consistsOf(value, TOKEN_OCTETS);
}

/** A path and query as RFC 3986 has them, but for octets beyond ASCII, which servers take. */
export function isPath(value: string): boolean {
  return consistsOf(value, PATH_OCTETS);
}

/** Host and port, without user information. */
export function isAuthority(value: string): boolean {
  return consistsOf(value, AUTHORITY_OCTETS);
}

export function isScheme(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*$/i.test(value);
}

function consistsOf(value: string, octets: Uint8Array): boolean {
  for (let i = 0; i < value.length; i += 1) if (octets[value.charCodeAt(i)] !== 1) return false;
  return value.length > 0;
}

/** The octets that a content-length declares; undefined: it is no number that can be one (RFC 9110 section 8.6). */
export function contentLength(value: string): number | undefined {
  if (!/^\d{1,15}$/.test(value)) return undefined;
  return Number(value);
}
