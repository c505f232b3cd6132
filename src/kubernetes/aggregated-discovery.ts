import { DiscoveryDocumentError, DiscoveryDocumentReader, type JsonObject } from './discovery-document.ts';

/** Both versions have the same fields. */
export type DiscoveryVersion = 'v2' | 'v2beta1';

/** Empty `group` and `version` in a responseKind stand for the group and version the entry is listed under. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface APISubresourceDiscovery {
  readonly subresource: string;
  readonly responseKind?: GroupVersionKind;
  readonly acceptedTypes?: readonly GroupVersionKind[];
  readonly verbs: readonly string[];
}

export interface APIResourceDiscovery {
  readonly resource: string;
  readonly responseKind?: GroupVersionKind;
  /** `Namespaced` or `Cluster`; extension API servers may write anything, and it is passed on. */
  readonly scope: string;
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly APISubresourceDiscovery[];
}

/** `Stale`: the server could not ask the extension API server behind this group-version. */
export type DiscoveryFreshness = 'Current' | 'Stale';

export interface APIVersionDiscovery {
  readonly version: string;
  readonly resources?: readonly APIResourceDiscovery[];
  /** Absent counts as Current. */
  readonly freshness?: DiscoveryFreshness;
}

export interface APIGroupDiscovery {
  /** The core group's name is '', which the wire leaves out. */
  readonly metadata: { readonly name: string };
  /** The first that is not Stale is the version clients prefer. */
  readonly versions?: readonly APIVersionDiscovery[];
}

export interface APIGroupDiscoveryList {
  readonly kind: 'APIGroupDiscoveryList';
  readonly apiVersion: `apidiscovery.k8s.io/${DiscoveryVersion}`;
  readonly metadata: Readonly<Record<never, never>>;
  readonly items: readonly APIGroupDiscovery[];
}

/** The Content-Type a kube-apiserver answers with, exactly. */
export function discoveryContentType<V extends DiscoveryVersion>(version: V) {
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList` as const;
}

/** Optional fields may also be given as undefined or empty. */
type Fields<T> = {
  readonly [K in keyof T]: Partial<Pick<T, K>> extends Pick<T, K> ? T[K] | undefined : T[K];
};

/*
 * The next four build the objects Go would encode: fields in the order of Go's structs, empty optional ones left out.
 * Equal content thereby becomes equal bytes, and equal bytes equal ETags.
 */

export function apiSubresource(fields: Fields<APISubresourceDiscovery>): APISubresourceDiscovery {
  return {
    subresource: fields.subresource,
    ...(fields.responseKind && { responseKind: groupVersionKind(fields.responseKind) }),
    ...(fields.acceptedTypes?.length && { acceptedTypes: fields.acceptedTypes.map(groupVersionKind) }),
    verbs: fields.verbs,
  };
}

export function apiResource(fields: Fields<APIResourceDiscovery>): APIResourceDiscovery {
  return {
    resource: fields.resource,
    ...(fields.responseKind && { responseKind: groupVersionKind(fields.responseKind) }),
    scope: fields.scope,
    singularResource: fields.singularResource,
    verbs: fields.verbs,
    ...(fields.shortNames?.length && { shortNames: fields.shortNames }),
    ...(fields.categories?.length && { categories: fields.categories }),
    ...(fields.subresources?.length && { subresources: fields.subresources }),
  };
}

export function apiVersion(fields: Fields<APIVersionDiscovery>): APIVersionDiscovery {
  return {
    version: fields.version,
    ...(fields.resources?.length && { resources: fields.resources }),
    ...(fields.freshness && { freshness: fields.freshness }),
  };
}

export function apiGroup(name: string, versions: readonly APIVersionDiscovery[]): APIGroupDiscovery {
  return { metadata: { name }, ...(versions.length && { versions }) };
}

function groupVersionKind({ group, version, kind }: GroupVersionKind): GroupVersionKind {
  return { group, version, kind };
}

/**
 * Reads an APIGroupDiscoveryList, v2 or v2beta1, from parsed JSON that nobody vouches for.
 *
 * Fields that v2 does not define are left out, and so is all group metadata but the name: kube-apiserver 1.31 writes
 * `creationTimestamp: null` where later ones write nothing.
 *
 * @throws {DiscoveryDocumentError} when the shape is another one, naming the place.
 */
export function parseAggregatedDiscovery(value: unknown): APIGroupDiscoveryList {
  const reader = new DiscoveryDocumentReader();
  const document = reader.object(value, '$');
  reader.kind(document, 'APIGroupDiscoveryList');
  const version = reader.text(document, 'apiVersion', '$');
  if (version !== 'apidiscovery.k8s.io/v2' && version !== 'apidiscovery.k8s.io/v2beta1') {
    const expected = '"apidiscovery.k8s.io/v2" or "apidiscovery.k8s.io/v2beta1"';
    throw new DiscoveryDocumentError('$.apiVersion', JSON.stringify(version), expected);
  }
  if (!Object.hasOwn(document, 'items')) throw new DiscoveryDocumentError('$.items', 'missing', 'an array');
  const items = reader.objects(document, 'items', '$', (item, path) => readGroup(reader, item, path));
  return { kind: 'APIGroupDiscoveryList', apiVersion: version, metadata: {}, items };
}

type Read<T> = (reader: DiscoveryDocumentReader, item: JsonObject, path: string) => T;

const readGroup: Read<APIGroupDiscovery> = (reader, item, path) =>
  apiGroup(
    reader.optional(item, 'metadata', path, (metadata, at) => reader.text(metadata, 'name', at)) ?? '',
    reader.objects(item, 'versions', path, (version, at) => readVersion(reader, version, at)),
  );

const readVersion: Read<APIVersionDiscovery> = (reader, item, path) => {
  const freshness = reader.text(item, 'freshness', path);
  return apiVersion({
    version: reader.name(item, 'version', path),
    resources: reader.objects(item, 'resources', path, (resource, at) => readResource(reader, resource, at)),
    // client-go, too, takes every word but Stale for current.
    freshness: freshness === '' ? undefined : freshness === 'Stale' ? 'Stale' : 'Current',
  });
};

const readResource: Read<APIResourceDiscovery> = (reader, item, path) =>
  apiResource({
    resource: reader.name(item, 'resource', path),
    responseKind: reader.optional(item, 'responseKind', path, (kind, at) => readKind(reader, kind, at)),
    scope: reader.text(item, 'scope', path),
    singularResource: reader.text(item, 'singularResource', path),
    verbs: reader.texts(item, 'verbs', path),
    shortNames: reader.texts(item, 'shortNames', path),
    categories: reader.texts(item, 'categories', path),
    subresources: reader.objects(item, 'subresources', path, (sub, at) => readSubresource(reader, sub, at)),
  });

const readSubresource: Read<APISubresourceDiscovery> = (reader, item, path) =>
  apiSubresource({
    subresource: reader.name(item, 'subresource', path),
    responseKind: reader.optional(item, 'responseKind', path, (kind, at) => readKind(reader, kind, at)),
    acceptedTypes: reader.objects(item, 'acceptedTypes', path, (type, at) => readKind(reader, type, at)),
    verbs: reader.texts(item, 'verbs', path),
  });

const readKind: Read<GroupVersionKind> = (reader, item, path) => ({
  group: reader.text(item, 'group', path),
  version: reader.text(item, 'version', path),
  kind: reader.text(item, 'kind', path),
});
