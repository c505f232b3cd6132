import { jsonMembers, jsonObject } from './json-members.ts';
import type { OpenAPIVersion } from './openapi-encoding.ts';

/** What is united: an object's members by name, or, within it, only those named here. Everything else is the newest's. */
type Plan = 'members' | { readonly [member: string]: Plan };

const PLANS: Readonly<Record<OpenAPIVersion, Plan>> = {
  v2: { paths: 'members', definitions: 'members', parameters: 'members' },
  v3: { paths: 'members', components: { schemas: 'members' } },
};

/**
 * Merges documents of one kind, newest first: all their paths and schemas (and shared parameters), each as the newest
 * document has it, in alphabetical order as kube-apiserver writes them. Everything else is the newest document's.
 *
 * Throws SyntaxError for what is not a JSON object.
 */
export function mergeOpenAPIJson(version: OpenAPIVersion, documents: readonly string[]): string {
  return unite(documents, PLANS[version]);
}

function unite(texts: readonly string[], plan: Plan): string {
  const objects = texts.map(jsonMembers);
  if (plan === 'members') {
    const members = new Map(objects.toReversed().flatMap((object) => [...object]));
    return jsonObject([...members].sort(([left], [right]) => (left < right ? -1 : 1)));
  }
  const united = Object.entries(plan).flatMap(([member, inner]) => {
    const values = objects.flatMap((object) => object.get(member) ?? []);
    return values.length === 0 ? [] : [[member, unite(values, inner)] as const];
  });
  // Together, where the newest document has the first of them: merging in steps must not move any.
  const newest = [...(objects[0] ?? [])];
  const first = newest.findIndex(([member]) => Object.hasOwn(plan, member));
  const isKept = ([member]: readonly [string, string]) => !Object.hasOwn(plan, member);
  const before = first < 0 ? newest : newest.slice(0, first);
  return jsonObject([...before, ...united, ...newest.slice(before.length).filter(isKept)]);
}
