import { hexDigit } from './percent-decoding.ts';

const USER_INFORMATION = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;
const HOST = /^[A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\x80-\xff]*$/;
const PORT = /^(?::[0-9]*)?$/;

/**
 * Whether Go's net/url accepts `authority` (`[user information@]host[:port]`) of an absolute request target with this
 * lower-case scheme. Only IPv6 addresses may stand in brackets; http and https hosts hold no further colon.
 */
export function isAuthority(scheme: string, authority: string): boolean {
  const at = authority.lastIndexOf('@');
  if (at >= 0) {
    const userInformation = authority.slice(0, at);
    if (!USER_INFORMATION.test(userInformation) || !hasOnlyEscapes(userInformation, () => true)) return false;
  }
  const host = authority.slice(at + 1);
  const bracket = host.lastIndexOf('[');
  if (bracket > 0) return false;
  if (bracket === 0) return isBracketedHost(host);
  const colon = scheme === 'http' || scheme === 'https' ? host.indexOf(':') : host.lastIndexOf(':');
  return (colon < 0 || PORT.test(host.slice(colon))) && isHost(host);
}

function isBracketedHost(host: string): boolean {
  const end = host.lastIndexOf(']');
  if (end < 0 || !PORT.test(host.slice(end + 1))) return false;
  const literal = host.slice(1, end);
  const zone = literal.indexOf('%25');
  if (zone < 0) return isIPv6(literal);
  return (
    isIPv6(literal.slice(0, zone)) &&
    // RFC 6874 section 2: something must follow the escaped percent sign.
    literal.length > zone + 3 &&
    HOST.test(literal.slice(zone)) &&
    hasOnlyEscapes(
      literal.slice(zone),
      (byte) => byte < 0x80 && (byte === 0x20 || HOST.test(String.fromCharCode(byte))),
    )
  );
}

function isHost(host: string): boolean {
  return HOST.test(host) && hasOnlyEscapes(host, (byte) => byte >= 0x80 || byte === 0x25);
}

function hasOnlyEscapes(text: string, allowed: (byte: number) => boolean): boolean {
  for (let i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i + 3)) {
    const high = hexDigit(text.charCodeAt(i + 1));
    const low = hexDigit(text.charCodeAt(i + 2));
    if (high < 0 || low < 0 || !allowed((high << 4) | low)) return false;
  }
  return true;
}

function isIPv6(text: string): boolean {
  return /^[0-9A-Fa-f:.]+$/.test(text) && URL.canParse(`http://[${text}]/`);
}
