import {
  type APIGroupDiscovery,
  apiGroup,
  apiResource,
  apiSubresource,
  apiVersion,
  type DiscoveryVersion,
} from '../kubernetes/aggregated-discovery.ts';

/** Go's encoder writes these as escapes, for the sake of JSON inside HTML. */
const ESCAPED = /[<>&\u2028\u2029]/g;

/**
 * The list without kind and apiVersion, as Go encodes it: the same for v2 and v2beta1, and what kube-apiserver takes the
 * ETag of.
 */
export function discoveryContent(groups: readonly APIGroupDiscovery[]): string {
  return contentOf(groups.map(groupContent));
}

/** Of what `groupContent` made of the groups. */
export function contentOf(groups: readonly string[]): string {
  return `{"metadata":{},"items":[${groups.join()}]}`;
}

/** Of one group, in that list. */
export function groupContent(group: APIGroupDiscovery): string {
  return goEscaped(JSON.stringify(wireGroup(group)));
}

/** The body of an answer, with the line feed Go's encoder ends it with. `content` is of `discoveryContent`. */
export function encodeDiscovery(content: string, version: DiscoveryVersion): Uint8Array {
  return new TextEncoder().encode(`${discoveryHead(version)}${content.slice(1)}\n`);
}

/** What stands in the body in place of the first brace of `discoveryContent`. */
export function discoveryHead(version: DiscoveryVersion): string {
  return `${JSON.stringify(typeMeta(version)).slice(0, -1)},`;
}

/** The body for `?pretty=1` and for curl, Wget and browsers, which kube-apiserver does not end with a line feed. */
export function encodePrettyDiscovery(groups: readonly APIGroupDiscovery[], version: DiscoveryVersion): Uint8Array {
  const list = { ...typeMeta(version), metadata: {}, items: groups.map(wireGroup) };
  return new TextEncoder().encode(goEscaped(JSON.stringify(list, undefined, 2)));
}

function typeMeta(version: DiscoveryVersion) {
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}` };
}

/** Rebuilt, because bytes must depend on content alone and not on how the objects came to be. */
function wireGroup({ metadata: { name }, versions = [] }: APIGroupDiscovery) {
  const { metadata, ...rest } = apiGroup(
    name,
    versions.map(({ resources = [], ...version }) =>
      apiVersion({
        ...version,
        resources: resources.map(({ subresources = [], ...resource }) =>
          apiResource({ ...resource, subresources: subresources.map(apiSubresource) }),
        ),
      }),
    ),
  );
  return { metadata: name === '' ? {} : metadata, ...rest };
}

/** JSON as Go writes it. */
export function goEscaped(json: string): string {
  return json.replace(ESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
