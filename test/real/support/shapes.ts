import { parseDiscovery, V2, V2_BETA_1 } from './aggregated-discovery.ts';
import type { Answer, HttpRequest } from './http-client.ts';

export interface Type {
  readonly group: string;
  readonly version: string;
  /** Plural. */
  readonly resource: string;
}

/** One of the documents from which clients learn that a type exists. */
export interface Shape {
  readonly name: string;
  request(type: Type): HttpRequest;
  /**
   * What the answer says of the type: `Current`, `Stale` (with or without the resource), `listed` where freshness cannot
   * be said, `absent`, or the status of an answer that says nothing.
   */
  read(type: Type, answer: Answer): string;
}

const plain = ['accept', 'application/json'];

export const SHAPES: readonly Shape[] = [
  aggregated('v2', V2),
  aggregated('v2beta1', V2_BETA_1),
  {
    name: '/apis',
    request: () => ({ target: '/apis', headers: plain }),
    read: ({ group, version }, answer) =>
      unlessRefused(answer, () => {
        const { groups }: { groups: APIGroup[] } = JSON.parse(answer.body.toString());
        return listedIf(groups.some((one) => one.name === group && names(one, version)));
      }),
  },
  {
    name: '/apis/G',
    request: ({ group }) => ({ target: `/apis/${group}`, headers: plain }),
    read: ({ version }, answer) =>
      unlessRefused(answer, () => listedIf(names(JSON.parse(answer.body.toString()), version))),
  },
  {
    name: '/apis/G/V',
    request: ({ group, version }) => ({ target: `/apis/${group}/${version}`, headers: plain }),
    read: ({ resource }, answer) =>
      unlessRefused(answer, () => {
        const { resources }: { resources: { name: string }[] } = JSON.parse(answer.body.toString());
        return listedIf(resources.some(({ name }) => name === resource));
      }),
  },
];

/** Aggregated discovery of `/apis` in the form that `accept` asks for. */
export function aggregated(name: string, accept: string): Shape {
  return {
    name,
    request: () => ({ target: '/apis', headers: ['accept', accept] }),
    read: ({ group, version, resource }, answer) =>
      unlessRefused(answer, () => {
        const versions = parseDiscovery(answer).items.find(({ metadata }) => metadata.name === group)?.versions ?? [];
        const found = versions.find((one) => one.version === version);
        if (found === undefined) return 'absent';
        if (found.freshness === 'Stale') return 'Stale';
        return found.resources?.some((one) => one.resource === resource) ? found.freshness : 'absent';
      }),
  };
}

interface APIGroup {
  readonly name: string;
  readonly versions: readonly { readonly version: string }[];
}

function names({ versions }: APIGroup, version: string): boolean {
  return versions.some((one) => one.version === version);
}

function listedIf(condition: boolean): string {
  return condition ? 'listed' : 'absent';
}

function unlessRefused({ status }: Answer, read: () => string): string {
  if (status === 200) return read();
  return status === 404 ? 'absent' : String(status);
}
