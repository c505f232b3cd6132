import { authorityOf } from '../wire/endpoint.ts';

/** Where native API servers send what we serve. */
export interface AdvertisedAddress {
  readonly ip: string;
  readonly port: number;
}

/** What stands under an identity in etcd. */
export type FoundRecord =
  | { readonly kind: 'none' }
  /** A mixed-version-proxy wrote it; `writer` tells its processes apart. */
  | { readonly kind: 'ours'; readonly address: string; readonly writer: string }
  /** A kube-apiserver with its own mixed version proxy on, or something unknown. */
  | { readonly kind: 'foreign'; readonly address: string };

/** Marks what we wrote: a record without it belongs to a kube-apiserver. */
const WRITER = 'mixed-version-proxy.io/writer';

/** `<prefix>/peerserverleases/<id>` (pkg/controlplane/reconcilers, `peerserverleases`). */
export function endpointRecordKey(prefix: string, id: string): string {
  return `${prefix.replace(/\/+$/, '')}/peerserverleases/${id}`;
}

/**
 * The Endpoints object that kube-apiserver writes for itself, as JSON, which its readers recognise as well as protobuf
 * (pkg/controlplane/reconcilers/peer_endpoint_lease.go). They find it by its label and take the first address and port.
 */
export function encodeEndpointRecord(id: string, { ip, port }: AdvertisedAddress, writer: string): Uint8Array {
  const record = {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { name: id, labels: { apiserverIdentity: id }, annotations: { [WRITER]: writer } },
    subsets: [{ addresses: [{ ip }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  };
  return Buffer.from(JSON.stringify(record));
}

/** Whose record `value` is. Only what we wrote is ever read further; kube-apiserver writes protobuf. */
export function recognisedRecord(value: Uint8Array | undefined): FoundRecord {
  if (value === undefined) return { kind: 'none' };
  const record = parsed(value);
  const metadata = member(record, 'metadata');
  const address = addressOf(record);
  const writer = member(member(metadata, 'annotations'), WRITER);
  return typeof writer === 'string' ? { kind: 'ours', address, writer } : { kind: 'foreign', address };
}

/** `ip:port`, IPv6 in brackets. */
export function addressText({ ip, port }: AdvertisedAddress): string {
  return authorityOf({ host: ip, port });
}

function addressOf(record: unknown): string {
  const subset = first(member(record, 'subsets'));
  const ip = member(first(member(subset, 'addresses')), 'ip');
  const port = member(first(member(subset, 'ports')), 'port');
  return typeof ip === 'string' && typeof port === 'number' ? addressText({ ip, port }) : '';
}

function parsed(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString('utf8'));
  } catch {
    return undefined;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined;
}
