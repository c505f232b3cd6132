import assert from 'node:assert/strict';
import type { ControlPlane } from '../../../src/lab/control-plane/control-plane.ts';
import { type ApiResponse, apiRequest } from '../support/api-request.ts';

export type Shape = 'v2' | 'v2beta1';

/** The type an aggregated discovery document of that shape has, and is asked for with. */
export function aggregatedType(shape: Shape): string {
  return `application/json;g=apidiscovery.k8s.io;v=${shape};as=APIGroupDiscoveryList`;
}

/** One request of the admin. */
export function ask({ pki }: ControlPlane, url: string, accept = 'application/json'): Promise<ApiResponse> {
  const { cert, key } = pki.admin;
  return apiRequest(url, { ca: pki.servingCa.cert, cert, key, headers: { accept } });
}

/**
 * What a server says it serves below `/apis`: `group/version/resource[/subresource]` with its verbs in order. Read here
 * and not with the product's own parser, which is under test.
 */
export async function servedBy(
  controlPlane: ControlPlane,
  url: string,
  shape: Shape,
): Promise<ReadonlyMap<string, string>> {
  const answer = await ask(controlPlane, `${url}/apis`, aggregatedType(shape));
  assert.equal(answer.status, 200, answer.body);
  assert.equal(answer.headers['content-type'], aggregatedType(shape));
  return servedIn(JSON.parse(answer.body));
}

interface Document {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly versions: readonly { readonly version: string; readonly resources?: readonly Resource[] }[];
  }[];
}

interface Resource {
  readonly resource: string;
  readonly verbs: readonly string[];
  readonly subresources?: readonly { readonly subresource: string; readonly verbs: readonly string[] }[];
}

function servedIn({ items }: Document): ReadonlyMap<string, string> {
  const served = new Map<string, string>();
  for (const { metadata, versions } of items) {
    for (const { version, resources = [] } of versions) {
      for (const { resource, verbs, subresources = [] } of resources) {
        const id = `${metadata.name}/${version}/${resource}`;
        served.set(id, verbs.toSorted().join());
        for (const sub of subresources) served.set(`${id}/${sub.subresource}`, sub.verbs.toSorted().join());
      }
    }
  }
  return served;
}

/** What either of two servers serves, with the verbs that either has. */
export function unionOf(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): Map<string, string> {
  const union = new Map(one);
  for (const [id, verbs] of other) {
    const both = new Set([...(union.get(id)?.split(',') ?? []), ...verbs.split(',')]);
    union.set(id, [...both].sort().join());
  }
  return union;
}

/** In an order that does not depend on the document's. */
export function sortedEntries(served: ReadonlyMap<string, string>): [string, string][] {
  return [...served].sort(([left], [right]) => (left < right ? -1 : 1));
}
