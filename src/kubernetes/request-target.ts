import { isAuthority } from './authority.ts';
import { percentDecode } from './percent-decoding.ts';
import { RequestInfoError } from './request-info-error.ts';

/** The parts of a request target that RequestInfo reads. */
export interface RequestTarget {
  /** `scheme://host` in absolute form, without user information; '' otherwise. */
  readonly origin: string;
  /** Path as it stands in the target. */
  readonly rawPath: string;
  /** Percent-decoded path: Go's `URL.Path`. */
  readonly path: string;
  /** What follows the first `?`, undecoded. */
  readonly query: string;
  /** Whether there was a `?` at all. */
  readonly hasQuery: boolean;
}

const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;

/**
 * Splits a request target as Go's HTTP server does (net/url ParseRequestURI): origin form (`/path?query`), absolute form
 * (`https://host/path?query`), authority form (method CONNECT) and `*`.
 *
 * `target` is the target byte for byte, one character per byte. Throws `RequestInfoError` MVP_BAD_TARGET for every target
 * that Go's server answers with 400.
 */
export function requestTarget(method: string, target: string): RequestTarget {
  let questionMark = -1;
  let needsDecoding = false;
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) throw badTarget('contains a control character');
    if (code > 0xff) throw badTarget('contains a character that is not one byte');
    if (questionMark < 0) {
      if (code === QUESTION_MARK) questionMark = i;
      else if (code === 0x25 || code > 0x7f) needsDecoding = true;
    }
  }
  if (target.charCodeAt(0) !== SLASH) {
    return method === 'CONNECT' ? authorityForm(target) : absoluteForm(target);
  }
  const rawPath = questionMark < 0 ? target : target.slice(0, questionMark);
  return {
    origin: '',
    rawPath,
    path: needsDecoding ? decodedPath(rawPath) : rawPath,
    query: questionMark < 0 ? '' : target.slice(questionMark + 1),
    hasQuery: questionMark >= 0,
  };
}

function authorityForm(target: string): RequestTarget {
  const url = absoluteForm(`http://${target}`);
  return { ...url, origin: url.origin.slice('http:'.length) };
}

function absoluteForm(target: string): RequestTarget {
  if (target === '') throw badTarget('is empty');
  if (target === '*') return { origin: '', rawPath: '*', path: '*', query: '', hasQuery: false };
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(target)?.[0].toLowerCase();
  if (scheme === undefined) throw badTarget('begins neither with "/" nor with a scheme such as "https://"');

  const questionMark = target.indexOf('?', scheme.length);
  const hasQuery = questionMark >= 0;
  const rest = target.slice(scheme.length + 1, hasQuery ? questionMark : undefined);
  const query = hasQuery ? target.slice(questionMark + 1) : '';
  // Go takes `scheme:opaque` and leaves its path empty.
  if (!rest.startsWith('/')) return { origin: `${scheme}:`, rawPath: '', path: '', query, hasQuery };
  if (!rest.startsWith('//')) return { origin: `${scheme}:`, rawPath: rest, path: decodedPath(rest), query, hasQuery };

  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  if (!isAuthority(scheme, authority)) throw badTarget('names an invalid host or port');
  const rawPath = slash < 0 ? '' : rest.slice(slash);
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return { origin: `${scheme}://${host}`, rawPath, path: decodedPath(rawPath), query, hasQuery };
}

function decodedPath(rawPath: string): string {
  const path = percentDecode(rawPath);
  if (path === undefined) throw badTarget('contains a "%" that is not followed by two hexadecimal digits');
  return path;
}

function badTarget(what: string): RequestInfoError {
  return new RequestInfoError(
    'MVP_BAD_TARGET',
    `the request target ${what}; kube-apiserver refuses such a request. Send a percent-encoded path that begins with "/".`,
  );
}
