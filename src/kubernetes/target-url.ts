import { hexDigit } from './percent-decoding.ts';
import type { RequestTarget } from './request-target.ts';

const UNESCAPED = /^[A-Za-z0-9\-_.~$&+,/:;=@]$/;
const NEEDS_ESCAPING = /[^A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]/;

/**
 * The target as Go's `URL.String()` prints it, for messages that quote kube-apiserver's: the path stays as it was sent if
 * every character may stand in a path, otherwise all of it is escaped anew. User information is left out.
 */
export function targetUrl(target: RequestTarget): string {
  const path = NEEDS_ESCAPING.test(target.rawPath) ? escapeAnew(target.rawPath) : target.rawPath;
  return `${target.origin}${path}${target.hasQuery ? `?${target.query}` : ''}`;
}

function escapeAnew(rawPath: string): string {
  let escaped = '';
  for (let i = 0; i < rawPath.length; i++) {
    let byte = rawPath.charCodeAt(i);
    if (byte === 0x25) {
      byte = (hexDigit(rawPath.charCodeAt(i + 1)) << 4) | hexDigit(rawPath.charCodeAt(i + 2));
      i += 2;
    }
    const character = String.fromCharCode(byte);
    escaped += UNESCAPED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}
