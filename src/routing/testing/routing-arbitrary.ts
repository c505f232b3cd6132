import fc from 'fast-check';
import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import { discoveries, VERBS } from '../../discovery/testing/discovery-arbitrary.ts';
import { entriesOf } from '../../discovery/testing/entries.ts';
import { type RequestInfo, requestInfo } from '../../kubernetes/request-info.ts';
import type { RoutingHint } from '../routing-hint.ts';
import type { RoutingSnapshot } from '../snapshot.ts';
import { snapshotOf } from './snapshot-of.ts';

export interface Setting {
  readonly snapshot: RoutingSnapshot;
  /** By position; undefined for a server that was never seen. */
  readonly served: readonly (ServerDiscovery | undefined)[];
  readonly request: RequestInfo;
  readonly hint: RoutingHint;
}

/** Everything that kube-apiserver makes of a verb, backwards. */
const REQUESTS: Readonly<Record<string, readonly [method: string, named: boolean, query: string]>> = {
  get: ['GET', true, ''],
  list: ['GET', false, ''],
  watch: ['GET', false, '?watch=true'],
  create: ['POST', false, ''],
  update: ['PUT', true, ''],
  patch: ['PATCH', true, ''],
  delete: ['DELETE', true, ''],
  deletecollection: ['DELETE', false, ''],
  options: ['OPTIONS', true, ''],
};

interface Asked {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly verb: string;
  readonly prefix: string;
}

function requestFor({ group, version, resource, subresource, verb, prefix }: Asked): RequestInfo {
  const [method, named, query] = REQUESTS[verb] ?? ['GET', true, ''];
  const root = group === '' ? '/api' : `/apis/${group}`;
  const object = subresource === '' ? (named ? '/x' : '') : `/x/${subresource}`;
  return requestInfo(
    method,
    `${root}/${version}/${prefix}namespaces/n/${encodeURIComponent(resource)}${object}${query}`,
  );
}

const verb = fc.constantFrom(...Object.keys(REQUESTS));
const subresource = fc.constantFrom('', '', 'status', 'scale', 'exec', 'proxy', 'none');
const prefix = fc.constantFrom('', '', '', 'watch/', 'proxy/');

const anything: fc.Arbitrary<Asked> = fc.record({
  group: fc.constantFrom('', 'apps', 'example.com', 'none'),
  version: fc.constantFrom('v1', 'v2'),
  resource: fc.constantFrom('a', 'b', 'none'),
  subresource,
  verb,
  prefix,
});

const groupPaths = ['/api/v1', '/apis/apps', '/apis/apps/v1', '/apis/example.com', '/apis/none/v1'];
const otherPaths = ['/', '/version', '/api', '/apis', '/openapi/v3', '/readyz', '/livez/etcd'];

/** Half of what some server serves, then of its resources, of anything, and of no resource. */
function requestsFor(served: readonly (ServerDiscovery | undefined)[]): fc.Arbitrary<RequestInfo> {
  const entries = served.flatMap((discovery) => (discovery === undefined ? [] : [...entriesOf(discovery)]));
  const resources = entries.flatMap(({ group, version, resource }) =>
    resource === undefined ? [] : [{ group, version, resource }],
  );
  const exact = entries.flatMap(({ group, version, resource, subresource = '', verb }) =>
    resource === undefined || verb === undefined ? [] : [{ group, version, resource, subresource, verb, prefix: '' }],
  );
  const weighted = <T>(weight: number, choices: readonly T[], make: (one: fc.Arbitrary<T>) => fc.Arbitrary<Asked>) =>
    choices.length === 0 ? [] : [{ weight, arbitrary: make(fc.constantFrom(...choices)).map(requestFor) }];
  return fc.oneof(
    ...weighted(4, exact, (one) => one),
    ...weighted(2, resources, (one) =>
      fc.record({ type: one, subresource, verb, prefix }).map(({ type, ...asked }) => ({ ...type, ...asked })),
    ),
    anything.map(requestFor),
    { weight: 2, arbitrary: fc.constantFrom(...groupPaths).map((path) => requestInfo('GET', path)) },
    fc.constantFrom(...otherPaths).map((path) => requestInfo('GET', path)),
  );
}

const age = (minor: number | undefined) => -(minor ?? 0);

/** Few documents for many servers, so that several have the same. */
const servers = fc.array(discoveries, { minLength: 1, maxLength: 3 }).chain((documents) =>
  fc
    .array(
      fc.record({
        minor: fc.constantFrom(37, 37, 36, undefined),
        ready: fc.constantFrom(true, true, true, false),
        discovery: fc.constantFrom(...documents, ...documents, undefined),
      }),
      { minLength: 1, maxLength: 4 },
    )
    .map((found) => found.toSorted((left, right) => age(left.minor) - age(right.minor))),
);

/** Up to four servers of any age, health and content, and a request that may be of use with them. */
export const settings: fc.Arbitrary<Setting> = servers.chain((sketches) => {
  const position = fc.nat({ max: sketches.length - 1 });
  return fc
    .record({
      request: requestsFor(sketches.map(({ discovery }) => discovery)),
      preferred: fc.option(position, { freq: 5, nil: undefined }),
      tried: fc.oneof(fc.constant([]), fc.uniqueArray(position, { maxLength: 2 })),
      alreadyProxied: fc.constantFrom(false, false, false, true),
      loads: fc.array(fc.nat({ max: 3 }), { minLength: 4, maxLength: 4 }),
      forwarded: fc.constantFrom(false, false, true),
      isSidecar: fc.constantFrom(false, false, true),
      writes: fc.constantFrom('any', 'any', 'newest', 'oldest'),
      draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      view: fc.constantFrom('merged', 'merged', 'merged', 'server-local'),
      incompleteUntil: fc.constantFrom(0, 2_000),
    })
    .map(({ request, preferred, tried, loads, view, incompleteUntil, isSidecar, ...hint }): Setting => {
      const complete = sketches.every(({ discovery }) => discovery !== undefined);
      const local = isSidecar ? preferred : undefined;
      return {
        snapshot: snapshotOf(sketches, { view, local, incompleteUntil: complete ? 0 : incompleteUntil }),
        served: sketches.map(({ discovery }) => discovery),
        request,
        hint: { ...hint, preferred, tried: new Set(tried), load: (server) => loads[server] ?? 0, now: 1_000 },
      };
    });
});

/**
 * Whether a server's document lists what `request` asks for, by a search without any table: group, version, resource,
 * subresource and verb. Connections and verbs that Kubernetes does not know count as listed with the resource.
 */
export function lists(discovery: ServerDiscovery | undefined, request: RequestInfo): boolean {
  const wanted = request.verb === 'proxy' ? 'proxy' : request.subresource;
  const byName = !VERBS.includes(request.verb) || ['attach', 'exec', 'portforward', 'proxy'].includes(wanted);
  return [...(discovery?.api ?? []), ...(discovery?.apis ?? [])]
    .filter(({ metadata }) => metadata.name === request.apiGroup)
    .flatMap(({ versions = [] }) => versions)
    .filter(({ version }) => version === request.apiVersion)
    .flatMap(({ resources = [] }) => resources)
    .filter(({ resource }) => resource === request.resource)
    .flatMap(({ verbs, subresources = [] }) =>
      wanted === '' ? [verbs] : subresources.filter((sub) => sub.subresource === wanted).map((sub) => sub.verbs),
    )
    .some((verbs) => byName || verbs.includes(request.verb));
}
