import { GrpcConnection, GrpcError } from '../wire/grpc.ts';
import {
  type EtcdChange,
  type EtcdKey,
  grantedLease,
  type LeaseId,
  leaseGrantRequest,
  leaseRevokeRequest,
  rangedKey,
  rangeRequest,
  succeeded,
  txnRequest,
} from './etcd-messages.ts';

/** How to reach etcd. */
export interface EtcdAccess {
  /** Client URLs of the members, in the order in which they are tried. */
  readonly servers: readonly string[];
  /** PEM issuers of their certificates. */
  readonly ca: string | undefined;
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  /** Milliseconds for one call, the connection's set-up included. */
  readonly timeoutMs: number;
}

/** One member of etcd for the calls of one moment. Every call rejects with `GrpcError`. */
export interface EtcdCalls {
  get(key: string): Promise<EtcdKey | undefined>;
  grant(ttlSeconds: number): Promise<LeaseId>;
  revoke(lease: LeaseId): Promise<void>;
  /** Changes `key` unless it was changed after `modRevision` (0: unless it exists); returns whether it did. */
  change(key: string, modRevision: number, change: EtcdChange): Promise<boolean>;
}

/**
 * Runs `use` with the first member that can be reached: a member is left for the next one only while it has not answered
 * at all. Rejects with what the last one failed with.
 */
export async function withEtcd<T>(access: EtcdAccess, use: (calls: EtcdCalls) => Promise<T>): Promise<T> {
  let failure: unknown = new GrpcError('no etcd server is configured');
  for (const url of access.servers) {
    try {
      return await withMember({ ...access, url }, use);
    } catch (error) {
      failure = error;
      if (!(error instanceof GrpcError) || !isOfTheMember(error)) throw error;
    }
  }
  throw failure;
}

/** gRPC's UNAVAILABLE: it has no leader, or is stopping. */
const UNAVAILABLE = 14;

function isOfTheMember({ status }: GrpcError): boolean {
  return status === undefined || status === UNAVAILABLE;
}

async function withMember<T>(
  { url, ca, certificate, timeoutMs }: Omit<EtcdAccess, 'servers'> & { readonly url: string },
  use: (calls: EtcdCalls) => Promise<T>,
): Promise<T> {
  const connection = new GrpcConnection({ url, ca, certificate });
  const call = (method: string, message: Uint8Array) => connection.call(method, message, timeoutMs);
  try {
    return await use({
      get: async (key) => rangedKey(await call('/etcdserverpb.KV/Range', rangeRequest(key))),
      async grant(ttlSeconds) {
        const lease = grantedLease(await call('/etcdserverpb.Lease/LeaseGrant', leaseGrantRequest(ttlSeconds)));
        if (lease === undefined) throw new GrpcError(`${url} granted a lease without an id`);
        return lease;
      },
      async revoke(lease) {
        await call('/etcdserverpb.Lease/LeaseRevoke', leaseRevokeRequest(lease));
      },
      change: async (key, modRevision, change) =>
        succeeded(await call('/etcdserverpb.KV/Txn', txnRequest(key, modRevision, change))),
    });
  } finally {
    connection.close();
  }
}
