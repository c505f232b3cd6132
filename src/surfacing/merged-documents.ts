import type { PublishedDiscovery } from '../discovery/published-discovery.ts';
import { parseAggregatedDiscovery } from '../kubernetes/aggregated-discovery.ts';
import {
  parseAPIGroup,
  parseAPIGroupList,
  parseAPIResourceList,
  parseAPIVersions,
} from '../kubernetes/legacy-discovery.ts';
import type { Answer } from './answer.ts';
import { LISTED, type Shape, type ShapeFinding } from './shape.ts';
import { findingIn, foundIn, type SoughtType, versionNames } from './sought-type.ts';

/** What the proxy publishes at this moment. */
export interface MergedDocuments {
  /** Undefined without a merged view. */
  readonly published: PublishedDiscovery | undefined;
  /** Paths of the OpenAPI v3 index that clients of the proxy get. */
  readonly openapiV3: Answer<readonly string[]>;
}

const NO_VIEW: ShapeFinding = { state: 'not-applicable', note: 'the proxy publishes no merged documents' };
const STALE_LIST: ShapeFinding = { state: 'stale', note: 'comes from a server while the group-version is Stale' };

/** What the merged documents say of one type, read from the very bytes that are served. */
export function mergedFindings(
  { published, openapiV3 }: MergedDocuments,
  sought: SoughtType,
): ReadonlyMap<Shape, ShapeFinding> {
  const findings = published === undefined ? withoutView(sought) : discoveryFindings(published, sought);
  return new Map([...findings, ['openapiV3', openAPIFinding(openapiV3, sought)]]);
}

function withoutView({ group }: SoughtType): ReadonlyMap<Shape, ShapeFinding> {
  const shapes: readonly Shape[] = ['v2', 'v2beta1', 'root', ...(group === '' ? [] : (['group'] as const)), 'version'];
  return new Map(shapes.map((shape) => [shape, NO_VIEW]));
}

function discoveryFindings(published: PublishedDiscovery, sought: SoughtType): ReadonlyMap<Shape, ShapeFinding> {
  const isCore = sought.group === '';
  const root = published[isCore ? '/api' : '/apis'];
  const aggregated = (text: Uint8Array) => findingIn(parseAggregatedDiscovery(json(text)).items, sought);
  const document = (path: string): unknown => {
    const found = root.unaggregated.get(path);
    return found === undefined ? undefined : json(found.identity);
  };
  const groupPath = isCore ? '/api' : `/apis/${sought.group}`;
  const v2 = aggregated(root.v2.identity);
  const list = document(`${groupPath}/${sought.version}`);
  const findings = new Map<Shape, ShapeFinding>([
    ['v2', v2],
    ['v2beta1', aggregated(root.v2beta1.identity)],
    ['version', list === undefined && v2.state === 'stale' ? STALE_LIST : inResourceList(list, sought)],
  ]);
  if (isCore) {
    const { versions } = parseAPIVersions(json(published.apiVersions(undefined).identity));
    return findings.set('root', foundIn(versions, sought));
  }
  const groups = document('/apis');
  const names = groups === undefined ? [] : parseAPIGroupList(groups).groups.flatMap(versionNames);
  const group = document(groupPath);
  return findings
    .set('root', foundIn(names, sought))
    .set('group', foundIn(group === undefined ? [] : versionNames(parseAPIGroup(group)), sought));
}

/** What an OpenAPI index says of the group-version; it does not name resources. */
export function openAPIFinding(index: Answer<readonly string[]>, { group, version }: SoughtType): ShapeFinding {
  const path = group === '' ? `api/${version}` : `apis/${group}/${version}`;
  switch (index.kind) {
    case 'read':
      return index.value.includes(path) ? LISTED : { state: 'missing', note: `${path} is not in it` };
    case 'absent':
    case 'not-offered':
      return { state: 'not-applicable', note: 'not offered' };
    case 'failed':
      return { state: 'unknown', note: index.message };
  }
}

function inResourceList(document: unknown, sought: SoughtType): ShapeFinding {
  if (document === undefined) return { state: 'missing', note: 'there is no such document' };
  const { resource } = sought;
  const { resources } = parseAPIResourceList(document);
  if (resource === undefined || resources.some(({ name }) => name === resource)) return LISTED;
  return { state: 'missing', note: `${resource} is not in it` };
}

function json(text: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(text));
}
