import { webcrypto } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, gzip, gzipSync } from 'node:zlib';
import {
  type APIGroupDiscovery,
  type DiscoveryVersion,
  discoveryContentType,
} from '../kubernetes/aggregated-discovery.ts';
import { contentOf, discoveryHead, encodePrettyDiscovery, goEscaped, groupContent } from './representation.ts';
import type { ServerDiscovery } from './server-discovery.ts';
import { apiVersionsDocument, type UnaggregatedDocument, unaggregatedDocuments } from './unaggregated-documents.ts';

const compress = promisify(gzip);
const LINE_FEED = Buffer.from('\n');

/** One document in JSON, ready to send. */
export interface PublishedRepresentations {
  /** Exactly as kube-apiserver's. */
  readonly contentType: string;
  readonly identity: Uint8Array;
  readonly gzip: Uint8Array;
  /** Indented for people; made when somebody asks for it first. */
  readonly pretty: Uint8Array;
}

/** An aggregated document. */
export interface PublishedDocument extends PublishedRepresentations {
  /** Quoted, as it stands in the header. One for all forms of equal content, and equal on servers with equal content. */
  readonly etag: string;
  readonly identity: Buffer;
  readonly gzip: Buffer;
}

export interface PublishedRoot extends Readonly<Record<DiscoveryVersion, PublishedDocument>> {
  /**
   * By path, what `unaggregatedDocuments` has. Each is encoded, and compressed, when somebody asks for it first: they are
   * small, in many clusters nobody wants them, and one changed resource would cost as many of them as there are groups.
   */
  readonly unaggregated: ReadonlyMap<string, PublishedRepresentations>;
}

export interface PublishedDiscovery extends Readonly<Record<'/api' | '/apis', PublishedRoot>> {
  /** Unaggregated `/api`, for a client that asked `authority`. */
  apiVersions(authority: string | undefined): PublishedRepresentations;
}

/**
 * Prepares every JSON answer once. Compression runs on the thread pool; what equals `previous` is taken over.
 */
export async function publishDiscovery(
  discovery: ServerDiscovery,
  previous?: PublishedDiscovery,
): Promise<PublishedDiscovery> {
  const [api, apis] = await Promise.all([
    publishRoot('/api', discovery.api, previous?.['/api']),
    publishRoot('/apis', discovery.apis, previous?.['/apis']),
  ]);
  return {
    '/api': api,
    '/apis': apis,
    apiVersions: (authority) => publishUnaggregated(apiVersionsDocument(discovery.api, authority)),
  };
}

async function publishRoot(
  root: '/api' | '/apis',
  groups: readonly APIGroupDiscovery[],
  previous: PublishedRoot | undefined,
): Promise<PublishedRoot> {
  const content = await encodedContent(groups);
  const digest = await webcrypto.subtle.digest('SHA-512', content);
  const etag = `"${Buffer.from(digest).toString('hex').toUpperCase()}"`;
  if (previous?.v2.etag === etag) return previous;
  const [v2, v2beta1] = await Promise.all([
    publishDocument(groups, content, 'v2', etag),
    publishDocument(groups, content, 'v2beta1', etag),
  ]);
  const documents = [...unaggregatedDocuments(root, groups)];
  const unaggregated = new Map(documents.map(([path, document]) => [path, publishUnaggregated(document)]));
  return { v2, v2beta1, unaggregated };
}

/** What each group was encoded to: hardly any of them changes from one document to the next. */
const encodedGroups = new WeakMap<APIGroupDiscovery, string>();
/** So long may requests have to wait for a part of the encoding. */
const TURN_MS = 2;

async function encodedContent(groups: readonly APIGroupDiscovery[]): Promise<Buffer<ArrayBuffer>> {
  const parts: string[] = [];
  let turnEnd = performance.now() + TURN_MS;
  for (const group of groups) {
    let part = encodedGroups.get(group);
    if (part === undefined) {
      part = groupContent(group);
      encodedGroups.set(group, part);
    }
    parts.push(part);
    if (performance.now() < turnEnd) continue;
    await nextTurn();
    turnEnd = performance.now() + TURN_MS;
  }
  return Buffer.from(contentOf(parts));
}

async function publishDocument(
  groups: readonly APIGroupDiscovery[],
  content: Buffer,
  version: DiscoveryVersion,
  etag: string,
): Promise<PublishedDocument> {
  const identity = Buffer.concat([Buffer.from(discoveryHead(version)), content.subarray(1), LINE_FEED]);
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

function publishUnaggregated(document: UnaggregatedDocument): PublishedRepresentations {
  let identity: Uint8Array | undefined;
  let compressed: Uint8Array | undefined;
  let pretty: Uint8Array | undefined;
  return {
    contentType: 'application/json',
    get identity() {
      identity ??= Buffer.from(`${goEscaped(JSON.stringify(document()))}\n`);
      return identity;
    },
    get gzip() {
      compressed ??= gzipSync(this.identity);
      return compressed;
    },
    get pretty() {
      pretty ??= Buffer.from(goEscaped(JSON.stringify(document(), undefined, 2)));
      return pretty;
    },
  };
}
