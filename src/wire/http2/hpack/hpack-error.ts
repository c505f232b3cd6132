/**
 * A header block that cannot be decoded. The compression state shared with the peer is lost with it, so the whole
 * connection must end with COMPRESSION_ERROR (RFC 9113 section 4.3).
 */
export class HpackError extends Error {
  override readonly name = 'HpackError';
  readonly code = 'COMPRESSION_ERROR';
}
