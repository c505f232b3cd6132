import { serverDiscovery } from '../../discovery/server-discovery.ts';
import { type APIGroupDiscovery, parseAggregatedDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import {
  type APIGroupList,
  type APIResourceList,
  type APIVersions,
  parseAPIGroupList,
  parseAPIResourceList,
  parseAPIVersions,
} from '../../kubernetes/legacy-discovery.ts';
import { DiscoveryFetchError } from './discovery-fetch-error.ts';
import { checkStructure } from './document-structure.ts';

/** What each kind of document is read as. Groups of an aggregated one have the form of `serverDiscovery`. */
export interface DiscoveryDocuments {
  readonly APIGroupDiscoveryList: readonly APIGroupDiscovery[];
  readonly APIVersions: APIVersions;
  readonly APIGroupList: APIGroupList;
  readonly APIResourceList: APIResourceList;
}

export type DiscoveryDocumentKind = keyof DiscoveryDocuments;
export type UnaggregatedDocumentKind = Exclude<DiscoveryDocumentKind, 'APIGroupDiscoveryList'>;
export type AnyDiscoveryDocument = DiscoveryDocuments[DiscoveryDocumentKind];

const PARSERS: { readonly [K in DiscoveryDocumentKind]: (value: unknown) => DiscoveryDocuments[K] } = {
  APIGroupDiscoveryList: (value) => serverDiscovery([], parseAggregatedDiscovery(value).items).apis,
  APIVersions: parseAPIVersions,
  APIGroupList: parseAPIGroupList,
  APIResourceList: parseAPIResourceList,
};

/** Reads one document that nobody vouches for. Throws DiscoveryFetchError or DiscoveryDocumentError when it is another one. */
export function parseDocument<K extends DiscoveryDocumentKind>(kind: K, body: Uint8Array): DiscoveryDocuments[K] {
  checkStructure(body);
  return PARSERS[kind](json(body));
}

function json(body: Uint8Array): unknown {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    const start = JSON.stringify(text.slice(0, 40));
    throw new DiscoveryFetchError('malformed', `the answer is not JSON, it begins with ${start}`, { cause: error });
  }
}
