import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { JsonObject } from '../../api-object.ts';

/** RFC 7518 section 3.4: the signature of ES256 is the two integers, not their DER form. */
const ENCODING = 'ieee-p1363';

/** Signs `claims` with a P-256 key as a compact ES256 token (RFC 7515); `kid` is derived from the key as kube-apiserver does. */
export function signToken(claims: JsonObject, privateKey: KeyObject): string {
  const header = { alg: 'ES256', kid: keyId(createPublicKey(privateKey)) };
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: ENCODING });
  return `${signed}.${signature.toString('base64url')}`;
}

/** The claims of a token that `publicKey` verifies; undefined for anything else. Says nothing about dates or audiences. */
export function verifiedClaims(token: string, publicKey: KeyObject): JsonObject | undefined {
  const parts = token.split('.');
  const [header, claims, signature] = parts;
  if (parts.length !== 3 || header === undefined || claims === undefined || signature === undefined) return undefined;
  if (decode(header)?.['alg'] !== 'ES256') return undefined;
  const signed = Buffer.from(`${header}.${claims}`);
  const octets = Buffer.from(signature, 'base64url');
  return verify('sha256', signed, { key: publicKey, dsaEncoding: ENCODING }, octets) ? decode(claims) : undefined;
}

function keyId(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

function encode(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
