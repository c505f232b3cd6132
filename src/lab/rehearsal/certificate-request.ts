import { generateKeyPairSync, sign } from 'node:crypto';

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const ATTRIBUTES = 0xa0;
/** AlgorithmIdentifier of Ed25519 (RFC 8410 section 3). */
const ED25519 = Buffer.from('300506032b6570', 'hex');

/**
 * An empty certificate signing request (RFC 2986), signed with a key made for it, as kubelet makes it for a
 * PodCertificateRequest: its signature proves the possession of the key. DER.
 */
export function emptyCertificateRequest(): Buffer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ format: 'der', type: 'spki' });
  const info = der(SEQUENCE, der(INTEGER, Buffer.of(0)), der(SEQUENCE), key, der(ATTRIBUTES));
  return der(SEQUENCE, info, ED25519, der(BIT_STRING, Buffer.of(0), sign(null, info, privateKey)));
}

/** Definite lengths of at most 65535. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}
