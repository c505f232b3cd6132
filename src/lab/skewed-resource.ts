import { requestOnce } from './control-plane/request-once.ts';
import type { Pki } from './pki/pki.ts';

/** A resource that some servers serve and others do not. */
export interface SkewedResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Names of the servers that serve it, and of those that do not; neither is empty. */
  readonly servedBy: readonly string[];
  readonly missingOn: readonly string[];
}

/** The parts of an aggregated discovery document (KEP-3352) that are looked at. */
export interface DiscoveryDocument {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly scope: string;
        readonly verbs: readonly string[];
      }[];
    }[];
  }[];
}

const AGGREGATED = 'as=APIGroupDiscoveryList';
const ACCEPT = [
  `application/json;g=apidiscovery.k8s.io;v=v2;${AGGREGATED};profile=nopeer`,
  `application/json;g=apidiscovery.k8s.io;v=v2;${AGGREGATED}`,
  `application/json;g=apidiscovery.k8s.io;v=v2beta1;${AGGREGATED}`,
].join(',');

/** Compares what the servers themselves serve below `/apis`; needs Kubernetes 1.26 or newer. */
export async function findSkewedResource(
  servers: readonly { readonly name: string; readonly url: string }[],
  pki: Pki,
): Promise<SkewedResource | undefined> {
  const documents = new Map<string, DiscoveryDocument>();
  for (const { name, url } of servers) {
    const answer = await requestOnce(`${url}/apis`, {
      ca: pki.servingCa.cert,
      certificate: pki.admin,
      accept: ACCEPT,
    });
    const document: Partial<DiscoveryDocument> = JSON.parse(answer.body);
    if (document.items !== undefined) documents.set(name, { items: document.items });
  }
  return skewedResource(documents);
}

/** The first listable resource outside namespaces, else the first listable one, that is not on every server; in document order. */
export function skewedResource(documents: ReadonlyMap<string, DiscoveryDocument>): SkewedResource | undefined {
  const found = new Map<string, { clusterScoped: boolean; servedBy: string[]; id: [string, string, string] }>();
  for (const [server, { items }] of documents) {
    for (const { metadata, versions = [] } of items) {
      for (const { version, resources = [] } of versions) {
        for (const { resource, scope, verbs } of resources) {
          if (!verbs.includes('list')) continue;
          const id: [string, string, string] = [metadata?.name ?? '', version, resource];
          const entry = found.get(id.join('/')) ?? { clusterScoped: scope === 'Cluster', servedBy: [], id };
          entry.servedBy.push(server);
          found.set(id.join('/'), entry);
        }
      }
    }
  }
  const skewed = [...found.values()].filter(({ servedBy }) => servedBy.length < documents.size);
  const chosen = skewed.find(({ clusterScoped }) => clusterScoped) ?? skewed[0];
  if (chosen === undefined) return undefined;
  const [group, version, resource] = chosen.id;
  const missingOn = [...documents.keys()].filter((server) => !chosen.servedBy.includes(server));
  return { group, version, resource, servedBy: chosen.servedBy, missingOn };
}
