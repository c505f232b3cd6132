/**
 * Whether an If-None-Match field matches `etag` (RFC 9110 section 13.1.2): `*`, lists and weak tags count, unlike in
 * kube-apiserver, which compares the whole field.
 */
export function matchesEtag(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === etag) return true;
  return ifNoneMatch.split(',').some((part) => {
    const tag = part.trim();
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
}

/** Whether Accept-Encoding allows gzip (RFC 9110 section 12.5.3). */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  if (acceptEncoding === 'gzip') return true;
  let wildcard = false;
  for (const part of acceptEncoding.split(',')) {
    const [coding, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    const allowed = Number(weight) > 0;
    if (coding === 'gzip') return allowed;
    if (coding === '*') wildcard = allowed;
  }
  return wildcard;
}
