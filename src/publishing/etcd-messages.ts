/*
 * The few messages of etcd's API (api/etcdserverpb/rpc.proto, api/mvccpb/kv.proto) that publishing needs, by field number.
 * Lease ids exceed 53 bits, so they stay the bytes they came in.
 */

/** A lease id as it stands in a message. */
export type LeaseId = Uint8Array;

/** One key of etcd. */
export interface EtcdKey {
  readonly value: Uint8Array;
  /** Revision of its last change. */
  readonly modRevision: number;
}

/** LeaseGrantRequest: etcd chooses the id. */
export function leaseGrantRequest(ttlSeconds: number): Uint8Array {
  return varintField(1, ttlSeconds);
}

/** The id in a LeaseGrantResponse; undefined if there is none. */
export function grantedLease(response: Uint8Array): LeaseId | undefined {
  return fieldOf(response, 2);
}

/** LeaseRevokeRequest. */
export function leaseRevokeRequest(lease: LeaseId): Uint8Array {
  return rawField(1, lease);
}

/** RangeRequest of one key. */
export function rangeRequest(key: string): Uint8Array {
  return bytesField(1, Buffer.from(key));
}

/** The first key of a RangeResponse; undefined if there is none. */
export function rangedKey(response: Uint8Array): EtcdKey | undefined {
  const found = fieldOf(response, 2);
  if (found === undefined) return undefined;
  return { value: fieldOf(found, 5) ?? new Uint8Array(), modRevision: numberOf(fieldOf(found, 3)) };
}

/** What a transaction does with a key that has not changed since. */
export type EtcdChange =
  | { readonly kind: 'put'; readonly value: Uint8Array; readonly lease: LeaseId }
  | { readonly kind: 'delete' };

/** TxnRequest: the change, if the key's last change is `modRevision` (0: it does not exist). */
export function txnRequest(key: string, modRevision: number, change: EtcdChange): Uint8Array {
  const name = bytesField(1, Buffer.from(key));
  // Compare: result EQUAL (0, left out), target MOD (2), key, mod_revision.
  const compare = Buffer.concat([varintField(2, 2), bytesField(3, Buffer.from(key)), varintField(6, modRevision)]);
  const operation =
    change.kind === 'put'
      ? bytesField(2, Buffer.concat([name, bytesField(2, change.value), rawField(3, change.lease)]))
      : bytesField(3, name);
  return Buffer.concat([bytesField(1, compare), bytesField(2, operation)]);
}

/** Whether the comparison of a TxnResponse held. */
export function succeeded(response: Uint8Array): boolean {
  return numberOf(fieldOf(response, 2)) === 1;
}

/**
 * The bytes of a varint or length-delimited field, the first of that number (protobuf.dev/programming-guides/encoding).
 * @throws {RangeError} for what is not a message of such fields
 */
function fieldOf(message: Uint8Array, number: number): Uint8Array | undefined {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (!(at + length <= message.length)) throw new RangeError('etcd answered with a message that is cut short');
    at += length;
    return message.subarray(at - length, at);
  };
  const takeVarint = (): Uint8Array => {
    const length = message.subarray(at).findIndex((byte) => byte < 0x80) + 1;
    return take(length === 0 ? Number.POSITIVE_INFINITY : length);
  };
  while (at < message.length) {
    const tag = numberOf(takeVarint());
    const type = tag % 8;
    if (type !== 0 && type !== 2) throw new RangeError('etcd answered with a message of unknown form');
    const bytes = type === 0 ? takeVarint() : take(numberOf(takeVarint()));
    if (Math.floor(tag / 8) === number) return bytes;
  }
  return undefined;
}

/** A varint of at most 53 bits; 0 if there is none, as protobuf leaves out zeros. */
function numberOf(bytes: Uint8Array = new Uint8Array()): number {
  return bytes.reduce((sum, byte, index) => sum + (byte & 0x7f) * 128 ** index, 0);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...bytes, rest);
    bytes.push((rest % 128) | 0x80);
  }
}

function varintField(number: number, value: number): Uint8Array {
  return rawField(number, varint(value));
}

function rawField(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8), bytes]);
}

function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}
