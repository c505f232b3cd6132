import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import {
  type APIGroupDiscovery,
  type DiscoveryVersion,
  discoveryContentType,
} from '../kubernetes/aggregated-discovery.ts';
import { discoveryContent, encodeDiscovery, encodePrettyDiscovery } from './representation.ts';
import type { ServerDiscovery } from './server-discovery.ts';

const compress = promisify(gzip);

/** One aggregated document, ready to send. */
export interface PublishedDocument {
  /** Exactly as kube-apiserver's. */
  readonly contentType: string;
  /** Quoted, as it stands in the header. One for all forms of equal content, and equal on servers with equal content. */
  readonly etag: string;
  readonly identity: Buffer;
  readonly gzip: Buffer;
  /** Indented for people; made when somebody asks for it first. */
  readonly pretty: Uint8Array;
}

export type PublishedDiscovery = Readonly<
  Record<'/api' | '/apis', Readonly<Record<DiscoveryVersion, PublishedDocument>>>
>;

/**
 * Prepares every aggregated JSON answer once. Compression runs on the thread pool; what equals `previous` is taken over.
 */
export async function publishDiscovery(
  discovery: ServerDiscovery,
  previous?: PublishedDiscovery,
): Promise<PublishedDiscovery> {
  const [api, apis] = await Promise.all([
    publishRoot(discovery.api, previous?.['/api']),
    publishRoot(discovery.apis, previous?.['/apis']),
  ]);
  return { '/api': api, '/apis': apis };
}

async function publishRoot(
  groups: readonly APIGroupDiscovery[],
  previous: PublishedDiscovery['/api'] | undefined,
): Promise<PublishedDiscovery['/api']> {
  const content = discoveryContent(groups);
  const etag = `"${createHash('sha512').update(content).digest('hex').toUpperCase()}"`;
  if (previous?.v2.etag === etag) return previous;
  const [v2, v2beta1] = await Promise.all([
    publishDocument(groups, content, 'v2', etag),
    publishDocument(groups, content, 'v2beta1', etag),
  ]);
  return { v2, v2beta1 };
}

async function publishDocument(
  groups: readonly APIGroupDiscovery[],
  content: string,
  version: DiscoveryVersion,
  etag: string,
): Promise<PublishedDocument> {
  const identity = Buffer.from(encodeDiscovery(content, version));
  const compressed = await compress(identity, { level: constants.Z_BEST_COMPRESSION });
  let pretty: Uint8Array | undefined;
  return {
    contentType: discoveryContentType(version),
    etag,
    identity,
    gzip: compressed,
    get pretty() {
      pretty ??= encodePrettyDiscovery(groups, version);
      return pretty;
    },
  };
}
