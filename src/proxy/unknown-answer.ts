import { isUnknownResourceNotFound, UNKNOWN_RESOURCE_BODY_LIMIT } from '../kubernetes/unknown-resource.ts';
import type { ResponseHead } from '../wire/exchange.ts';
import { fieldValue } from '../wire/fields.ts';
import type { PeekLimits } from '../wire/peeked-body.ts';

/** How much of a 404 is looked at, and how long it may take to come: kube-apiserver writes it as one piece with its head. */
export const NOT_FOUND_LIMITS: PeekLimits = { maxBytes: UNKNOWN_RESOURCE_BODY_LIMIT, patienceMs: 1_000 };

const MEDIA_TYPES = ['text/plain', 'application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml'];
/** Status details that are not empty, as kube-apiserver writes them unless `pretty` is asked for. */
const FILLED_DETAILS = Buffer.from('"details":{"');

/**
 * Whether an answer may say that the server does not know the type, as far as its head tells. Without a body (HEAD), and in a
 * content coding, it cannot be told from the 404 of an object.
 */
export function mayBeUnknown(method: string, { status, fields }: ResponseHead): boolean {
  if (status !== 404 || method === 'HEAD') return false;
  const length = fieldValue(fields, 'content-length');
  if (length !== undefined && !(Number(length) <= UNKNOWN_RESOURCE_BODY_LIMIT)) return false;
  if (fieldValue(fields, 'content-encoding') !== undefined) return false;
  const type = fieldValue(fields, 'content-type')?.trimStart().toLowerCase();
  return type !== undefined && MEDIA_TYPES.some((known) => type.startsWith(known));
}

/** Whether it says so; `body` is whole. Most 404s are those of objects, which a search for a few bytes finds out. */
export function saysUnknown({ status, fields }: ResponseHead, body: Uint8Array): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return !bytes.includes(FILLED_DETAILS) && isUnknownResourceNotFound(status, fieldValue(fields, 'content-type'), body);
}
