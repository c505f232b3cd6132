import { DiscoveryDocumentReader, type JsonObject } from './discovery-document.ts';

/** `GET /api`: the versions of the core group. */
export interface APIVersions {
  readonly kind: 'APIVersions';
  readonly versions: readonly string[];
  readonly serverAddressByClientCIDRs: readonly ServerAddressByClientCIDR[];
}

export interface ServerAddressByClientCIDR {
  readonly clientCIDR: string;
  readonly serverAddress: string;
}

/**
 * `GET /apis`: the groups by name.
 *
 * A server builds this list from APIService objects, which all servers of a cluster share. It can name group-versions
 * that only another server has, and lack some of its own after an older server has started and deleted the objects it
 * did not know. What a server serves is known from each `/apis/GROUP/VERSION` only.
 */
export interface APIGroupList {
  readonly kind: 'APIGroupList';
  readonly groups: readonly APIGroup[];
}

/** `GET /apis/GROUP`, and an entry of `/apis`. */
export interface APIGroup {
  readonly name: string;
  readonly versions: readonly GroupVersionForDiscovery[];
  readonly preferredVersion?: GroupVersionForDiscovery;
}

export interface GroupVersionForDiscovery {
  /** `GROUP/VERSION`; the core group's is the version alone. */
  readonly groupVersion: string;
  readonly version: string;
}

/** `GET /api/VERSION` and `GET /apis/GROUP/VERSION`. */
export interface APIResourceList {
  readonly kind: 'APIResourceList';
  readonly groupVersion: string;
  readonly resources: readonly APIResource[];
}

export interface APIResource {
  /** `pods`, or `pods/status` for a subresource. */
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  /** '' when the kind's group is the one the entry is listed under. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly storageVersionHash: string;
}

/** @throws {DiscoveryDocumentError} when the shape is another one, naming the place. */
export function parseAPIVersions(value: unknown): APIVersions {
  const reader = new DiscoveryDocumentReader();
  const document = reader.object(value, '$');
  reader.kind(document, 'APIVersions');
  return {
    kind: 'APIVersions',
    versions: reader.texts(document, 'versions', '$'),
    serverAddressByClientCIDRs: reader.objects(document, 'serverAddressByClientCIDRs', '$', (item, path) => ({
      clientCIDR: reader.text(item, 'clientCIDR', path),
      serverAddress: reader.text(item, 'serverAddress', path),
    })),
  };
}

/** @throws {DiscoveryDocumentError} when the shape is another one, naming the place. */
export function parseAPIGroupList(value: unknown): APIGroupList {
  const reader = new DiscoveryDocumentReader();
  const document = reader.object(value, '$');
  reader.kind(document, 'APIGroupList');
  const groups = reader.objects(document, 'groups', '$', (item, path) => readGroup(reader, item, path));
  return { kind: 'APIGroupList', groups };
}

/** @throws {DiscoveryDocumentError} when the shape is another one, naming the place. */
export function parseAPIGroup(value: unknown): APIGroup {
  const reader = new DiscoveryDocumentReader();
  const document = reader.object(value, '$');
  reader.kind(document, 'APIGroup');
  return readGroup(reader, document, '$');
}

/** @throws {DiscoveryDocumentError} when the shape is another one, naming the place. */
export function parseAPIResourceList(value: unknown): APIResourceList {
  const reader = new DiscoveryDocumentReader();
  const document = reader.object(value, '$');
  reader.kind(document, 'APIResourceList');
  return {
    kind: 'APIResourceList',
    groupVersion: reader.name(document, 'groupVersion', '$'),
    resources: reader.objects(document, 'resources', '$', (item, path) => ({
      name: reader.name(item, 'name', path),
      singularName: reader.text(item, 'singularName', path),
      namespaced: reader.flag(item, 'namespaced', path),
      group: reader.text(item, 'group', path),
      version: reader.text(item, 'version', path),
      kind: reader.text(item, 'kind', path),
      verbs: reader.texts(item, 'verbs', path),
      shortNames: reader.texts(item, 'shortNames', path),
      categories: reader.texts(item, 'categories', path),
      storageVersionHash: reader.text(item, 'storageVersionHash', path),
    })),
  };
}

function readGroup(reader: DiscoveryDocumentReader, item: JsonObject, path: string): APIGroup {
  const read = (version: JsonObject, at: string) => readVersion(reader, version, at);
  const preferredVersion = reader.optional(item, 'preferredVersion', path, read);
  return {
    name: reader.name(item, 'name', path),
    versions: reader.objects(item, 'versions', path, read),
    ...(preferredVersion && { preferredVersion }),
  };
}

function readVersion(reader: DiscoveryDocumentReader, item: JsonObject, path: string): GroupVersionForDiscovery {
  return { groupVersion: reader.name(item, 'groupVersion', path), version: reader.name(item, 'version', path) };
}
