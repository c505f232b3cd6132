import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import type { APIGroupDiscovery } from '../kubernetes/aggregated-discovery.ts';
import type { ServerVersion } from '../kubernetes/kube-version.ts';
import type { APIGroup, APIResourceList } from '../kubernetes/legacy-discovery.ts';
import { type Answer, type FailedAnswer, valueRead } from './answer.ts';
import type { APIServiceFacts, DefinitionFacts } from './cluster-objects.ts';
import {
  type Ask,
  askAggregated,
  askAPIServices,
  askDefinition,
  askDefinitionNames,
  askGroup,
  askOpenAPIIndex,
  askResourceList,
  askRoot,
} from './server-questions.ts';
import { shapePath } from './shape.ts';
import type { SurfacingTarget } from './surfacing-target.ts';

/** What the control path knows of a server before it is asked. */
export interface KnownServer {
  readonly name: string;
  readonly version: ServerVersion | undefined;
  readonly state: string;
  /** Why it gets no requests; '' when it does. */
  readonly condition: string;
  /** Why its discovery cannot be read; '' when it can. */
  readonly discoveryFailure: string;
  /** Since its discovery was read last; undefined: never. */
  readonly discoveryAgeSeconds: number | undefined;
  /** What the proxy routes by. */
  readonly tables: ServerDiscovery | undefined;
  readonly ask: Ask;
}

/** What a server says of all that it serves. */
export interface ServerRoots {
  readonly server: KnownServer;
  readonly v2: Answer<readonly APIGroupDiscovery[]>;
  readonly v2beta1: Answer<readonly APIGroupDiscovery[]>;
  /** Group-versions. */
  readonly root: Answer<readonly string[]>;
  /** Paths, such as `apis/apps/v1`. */
  readonly openapiV3: Answer<readonly string[]>;
  /** Of all CustomResourceDefinitions; `not-offered` when they do not matter. */
  readonly definitionNames: Answer<readonly string[]>;
  readonly apiServices: Answer<readonly APIServiceFacts[]>;
}

/** With the CustomResourceDefinitions behind the target, by name. */
export interface ServerDefinitions extends ServerRoots {
  readonly definitions: ReadonlyMap<string, Answer<DefinitionFacts>>;
}

/** Everything that one server says of one group. */
export interface ServerEvidence extends ServerDefinitions {
  readonly group: Answer<APIGroup>;
  /** By version. */
  readonly lists: ReadonlyMap<string, Answer<APIResourceList>>;
}

const NOT_OFFERED = { kind: 'not-offered' } as const;
/** Definitions of one group that are looked at in detail. */
const MAX_DEFINITIONS = 20;

/**
 * Asks for the documents that do not depend on what exactly is looked for; all at once. Never rejects. `needsNames`: of
 * the CustomResourceDefinitions, of which there may be thousands.
 */
export async function askRoots(server: KnownServer, group: string, needsNames: boolean): Promise<ServerRoots> {
  const { ask } = server;
  const path = group === '' ? '/api' : '/apis';
  const [v2, v2beta1, root, openapiV3, definitionNames, apiServices] = await Promise.all([
    askAggregated(ask, path, 'v2'),
    askAggregated(ask, path, 'v2beta1'),
    askRoot(ask, path),
    askOpenAPIIndex(ask),
    needsNames ? askDefinitionNames(ask) : NOT_OFFERED,
    askAPIServices(ask),
  ]);
  return { server, v2, v2beta1, root, openapiV3, definitionNames, apiServices };
}

/** A server that answered nothing so far is not asked again. */
export async function askDefinitions(
  roots: ServerRoots,
  { group, resource }: SurfacingTarget,
): Promise<ServerDefinitions> {
  const silence = silenceOf(roots);
  const names = definitionsToLookAt(roots, group, resource);
  const definitions = await entries(names, (name) => silence ?? askDefinition(roots.server.ask, name));
  return { ...roots, definitions };
}

/** Asks for the documents of the group and of each version. A server that answered nothing so far is not asked again. */
export async function askDocuments(
  evidence: ServerDefinitions,
  { group }: SurfacingTarget,
  versions: readonly string[],
): Promise<ServerEvidence> {
  const { ask } = evidence.server;
  const silence = silenceOf(evidence);
  const [groupAnswer, lists] = await Promise.all([
    group === '' ? NOT_OFFERED : (silence ?? askGroup(ask, shapePath('group', group, '', undefined))),
    entries(versions, (version) => silence ?? askResourceList(ask, shapePath('version', group, version, undefined))),
  ]);
  return { ...evidence, group: groupAnswer, lists };
}

/** Why a server that answered no question at all did not. */
export function silenceOf({ v2, v2beta1, root, openapiV3, apiServices }: ServerRoots): FailedAnswer | undefined {
  const answers = [v2, v2beta1, root, openapiV3, apiServices];
  const failures = answers.filter((answer) => answer.kind === 'failed');
  if (failures.length < answers.length) return undefined;
  return failures.find(({ reason }) => reason === 'silent' || reason === 'unreachable');
}

/** The aggregated document in the best form that could be read. */
export function aggregatedOf({ v2, v2beta1 }: ServerRoots): readonly APIGroupDiscovery[] | undefined {
  return valueRead(v2) ?? valueRead(v2beta1);
}

/** What it serves by its best document; what was read of it last if it cannot be asked. */
export function groupsOf(evidence: ServerRoots): readonly APIGroupDiscovery[] {
  const { api = [], apis = [] } = evidence.server.tables ?? {};
  return aggregatedOf(evidence) ?? [...api, ...apis];
}

function definitionsToLookAt(roots: ServerRoots, group: string, resource: string | undefined): readonly string[] {
  if (group === '') return [];
  if (resource !== undefined) return [`${resource}.${group}`];
  const names = (valueRead(roots.definitionNames) ?? []).filter((name) => groupOfDefinition(name) === group);
  const listed = new Set(
    (aggregatedOf(roots) ?? [])
      .filter(({ metadata }) => metadata.name === group)
      .flatMap(({ versions = [] }) => versions.flatMap(({ resources = [] }) => resources.map((each) => each.resource))),
  );
  // Those that nobody lists are the ones with something to say.
  const isListed = (name: string) => Number(listed.has(name.slice(0, name.indexOf('.'))));
  return names.toSorted((left, right) => isListed(left) - isListed(right)).slice(0, MAX_DEFINITIONS);
}

/** Every CustomResourceDefinition is called `PLURAL.GROUP`, and a plural has no dot. */
export function groupOfDefinition(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

async function entries<T>(
  keys: readonly string[],
  make: (key: string) => Promise<T> | T,
): Promise<ReadonlyMap<string, T>> {
  return new Map(await Promise.all(keys.map(async (key): Promise<[string, T]> => [key, await make(key)])));
}
