import type { RequestHead } from '../exchange.ts';
import { contentLength, isAuthority, isMethod, isPath, isScheme } from './field-rules.ts';
import type { HeaderBlock } from './hpack/hpack-decoder.ts';

/** The head of a request, and what HTTP itself reads of it. */
export interface RequestMessage {
  readonly head: RequestHead;
  /** Octets of the declared content-length; -1: none. */
  readonly contentLength: number;
  /** `Expect: 100-continue` was there; it is no longer among the fields. */
  readonly expectsContinue: boolean;
}

/** `malformed`: the stream ends (RFC 9113 section 8.1.1). `refused`: well-formed, but answered with a status at once. */
export type ReadRequest =
  | { readonly kind: 'request'; readonly message: RequestMessage }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'malformed' };

const MALFORMED: ReadRequest = { kind: 'malformed' };

/** Reads a request's header block (RFC 9113 section 8.3.1). */
export function readRequest({ fields: all, isMalformed, neverIndexed }: HeaderBlock): ReadRequest {
  if (isMalformed) return MALFORMED;
  let method: string | undefined;
  let scheme: string | undefined;
  let authority: string | undefined;
  let path: string | undefined;
  let host: string | undefined;
  let hosts = 0;
  let length = -1;
  let expectation: string | undefined;
  const fields: string[] = [];
  for (let i = 0; i + 1 < all.length; i += 2) {
    const name = all[i] as string;
    const value = all[i + 1] as string;
    if (name.charCodeAt(0) === COLON) {
      // In front of all fields, each once.
      if (fields.length > 0 || hosts > 0 || length >= 0 || expectation !== undefined) return MALFORMED;
      if (name === ':method' && method === undefined) method = value;
      else if (name === ':scheme' && scheme === undefined) scheme = value;
      else if (name === ':authority' && authority === undefined) authority = value;
      else if (name === ':path' && path === undefined) path = value;
      else return MALFORMED;
      continue;
    }
    switch (name) {
      case 'host':
        hosts += 1;
        if (hosts > 1 && value !== host) return { kind: 'refused', status: 400 };
        host = value;
        continue;
      case 'expect':
        expectation = value;
        continue;
      case 'content-length': {
        const declared = contentLength(value);
        if (declared === undefined || length >= 0) return MALFORMED;
        length = declared;
        break;
      }
      default:
        break;
    }
    fields.push(name, value);
  }
  if (method === undefined || !isMethod(method)) return MALFORMED;
  if ((authority !== undefined && !isAuthority(authority)) || (host !== undefined && !isAuthority(host)))
    return MALFORMED;
  // It has neither scheme nor path (RFC 9113 section 8.5), and nothing that we could do.
  if (method === 'CONNECT') {
    const isWellFormed = scheme === undefined && path === undefined && authority !== undefined;
    return isWellFormed ? { kind: 'refused', status: 405 } : MALFORMED;
  }
  if (scheme === undefined || path === undefined || !isScheme(scheme) || !isPath(path)) return MALFORMED;
  if (path.charCodeAt(0) !== SLASH && !(path === '*' && method === 'OPTIONS')) return MALFORMED;
  // Two names for one server are a way to make two readers of one request disagree (RFC 9113 section 8.3.1).
  if (authority !== undefined && host !== undefined && authority !== host) return { kind: 'refused', status: 400 };
  if (expectation !== undefined && expectation.toLowerCase() !== '100-continue')
    return { kind: 'refused', status: 417 };
  const head: RequestHead = { method, target: path, authority: authority ?? host, fields };
  const marked = neverIndexed === undefined ? head : { ...head, neverIndexed };
  return {
    kind: 'request',
    message: { head: marked, contentLength: length, expectsContinue: expectation !== undefined },
  };
}

const COLON = 0x3a;
const SLASH = 0x2f;
