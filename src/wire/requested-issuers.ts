/** RFC 5246 section 6.2.1. */
const HANDSHAKE_RECORD = 22;
const RECORD_HEAD = 5;
/** RFC 5246 section 7.4: type and length. */
const MESSAGE_HEAD = 4;
const CERTIFICATE_REQUEST = 13;

/**
 * The distinguished names (DER) in the CertificateRequest of what a server sent during a TLS 1.2 handshake (RFC 5246 section
 * 7.4.4); undefined when it asked for no certificate, or what it sent is something else.
 */
export function requestedIssuers(received: Buffer): readonly Buffer[] | undefined {
  const messages = handshakeOctets(received);
  for (let at = 0; at + MESSAGE_HEAD <= messages.length; ) {
    const length = messages.readUIntBE(at + 1, 3);
    const body = messages.subarray(at + MESSAGE_HEAD, at + MESSAGE_HEAD + length);
    if (messages[at] === CERTIFICATE_REQUEST) return body.length === length ? issuersOf(body) : undefined;
    at += MESSAGE_HEAD + length;
  }
  return undefined;
}

/** Messages may share a record, or stretch over several. */
function handshakeOctets(received: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + RECORD_HEAD <= received.length; ) {
    const length = received.readUInt16BE(at + 3);
    // What follows the handshake is encrypted.
    if (received[at] !== HANDSHAKE_RECORD) break;
    parts.push(received.subarray(at + RECORD_HEAD, at + RECORD_HEAD + length));
    at += RECORD_HEAD + length;
  }
  return Buffer.concat(parts);
}

function issuersOf(body: Buffer): readonly Buffer[] | undefined {
  const afterTypes = 1 + (body[0] ?? 0);
  if (afterTypes + 2 > body.length) return undefined;
  const afterAlgorithms = afterTypes + 2 + body.readUInt16BE(afterTypes);
  if (afterAlgorithms + 2 > body.length) return undefined;
  const end = afterAlgorithms + 2 + body.readUInt16BE(afterAlgorithms);
  if (end > body.length) return undefined;
  const issuers: Buffer[] = [];
  for (let at = afterAlgorithms + 2; at + 2 <= end; ) {
    const length = body.readUInt16BE(at);
    if (at + 2 + length > end) return undefined;
    issuers.push(body.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return issuers;
}
