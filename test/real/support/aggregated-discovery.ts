import assert from 'node:assert/strict';
import { type Answer, type HttpClient, header } from './http-client.ts';

export const ROOTS = ['/api', '/apis'] as const;
export type Root = (typeof ROOTS)[number];

const AGGREGATED = 'as=APIGroupDiscoveryList';
export const V2 = `application/json;g=apidiscovery.k8s.io;v=v2;${AGGREGATED}`;
export const V2_BETA_1 = `application/json;g=apidiscovery.k8s.io;v=v2beta1;${AGGREGATED}`;
/** What one server serves by itself. */
export const NOPEER = `${V2};profile=nopeer`;

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface Described {
  readonly responseKind?: Kind;
  readonly verbs: readonly string[];
}

export interface Discovery {
  readonly kind: string;
  readonly apiVersion: string;
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly freshness: string;
      readonly resources?: readonly (Described & {
        readonly resource: string;
        readonly scope: string;
        readonly singularResource: string;
        readonly shortNames?: readonly string[];
        readonly categories?: readonly string[];
        readonly subresources?: readonly (Described & { readonly subresource: string })[];
      })[];
    }[];
  }[];
}

/** The document in the form `accept` asks for; asserts that it comes in exactly that form. */
export async function discoveryOf(client: HttpClient, root: Root, accept: string): Promise<Discovery> {
  const answer = await client.request({ target: root, headers: ['accept', accept] });
  assert.equal(answer.status, 200, answer.body.toString());
  assert.equal(header(answer, 'content-type'), accept.replace(';profile=nopeer', ''));
  return parseDiscovery(answer);
}

export function parseDiscovery({ body }: Pick<Answer, 'body'>): Discovery {
  return JSON.parse(body.toString('utf8'));
}

/** `group/version/resource/subresource`, as far as it goes, with its verbs; so that two documents compare as sets. */
export function verbsByPath({ items }: Discovery): Map<string, Set<string>> {
  const paths = new Map<string, Set<string>>();
  const add = (path: string, verbs: readonly string[]) => {
    assert.ok(!paths.has(path), `${path} is listed twice`);
    paths.set(path, new Set(verbs));
  };
  for (const { metadata, versions } of items) {
    const group = metadata.name ?? '';
    add(group, []);
    for (const { version, resources = [] } of versions) {
      add(`${group}/${version}`, []);
      for (const { resource, verbs, subresources = [] } of resources) {
        add(`${group}/${version}/${resource}`, verbs);
        for (const one of subresources) add(`${group}/${version}/${resource}/${one.subresource}`, one.verbs);
      }
    }
  }
  return paths;
}

/** The union of several servers' paths and verbs. */
export function unionOf(documents: readonly Discovery[]): Map<string, Set<string>> {
  const union = new Map<string, Set<string>>();
  for (const document of documents) {
    for (const [path, verbs] of verbsByPath(document)) {
      union.set(path, (union.get(path) ?? new Set()).union(verbs));
    }
  }
  return union;
}
