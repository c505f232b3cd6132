import type { APIResourceList } from '../kubernetes/legacy-discovery.ts';
import type { Answer } from './answer.ts';
import { type APIServiceFacts, condition, type DefinitionFacts } from './cluster-objects.ts';
import { openAPIFinding } from './merged-documents.ts';
import type { ServerEvidence } from './server-evidence.ts';
import { LISTED, type Shape, type ShapeFinding } from './shape.ts';
import { findingIn, foundIn, type SoughtType, versionNames } from './sought-type.ts';

/** What one server's own documents and objects say of one type. */
export function serverFindings(evidence: ServerEvidence, sought: SoughtType): ReadonlyMap<Shape, ShapeFinding> {
  const { v2, v2beta1, root, group, lists, openapiV3 } = evidence;
  const findings = new Map<Shape, ShapeFinding>([
    ['v2', finding(v2, (groups) => findingIn(groups, sought))],
    ['v2beta1', finding(v2beta1, (groups) => findingIn(groups, sought))],
    ['root', finding(root, (names) => foundIn(names, sought))],
  ]);
  const inGroup = finding(group, (value) => foundIn(versionNames(value), sought));
  if (sought.group !== '') findings.set('group', inGroup);
  const list = finding(lists.get(sought.version), (value) => inList(value, sought));
  const isStale = list.state === 'unknown' && findings.get('v2')?.state === 'stale';
  findings.set('version', isStale ? { state: 'stale', note: list.note } : list);
  findings.set('openapiV3', openAPIFinding(openapiV3, sought));
  if (sought.group !== '') findings.set('crd', definitionFinding(evidence, sought));
  findings.set('apiService', apiServiceFinding(evidence, sought));
  return findings;
}

/** Whether the server serves it by itself, by the best document that could be read. */
export function servedState(findings: ReadonlyMap<Shape, ShapeFinding>): 'served' | 'stale' | 'lacking' | 'unknown' {
  for (const shape of ['v2', 'v2beta1', 'version'] as const) {
    const state = findings.get(shape)?.state;
    if (state === 'listed') return 'served';
    if (state === 'stale') return 'stale';
    if (state === 'missing') return 'lacking';
  }
  return 'unknown';
}

export function apiServiceOf({ apiServices }: ServerEvidence, sought: SoughtType): APIServiceFacts | undefined {
  if (apiServices.kind !== 'read') return undefined;
  return apiServices.value.find(({ group, version }) => group === sought.group && version === sought.version);
}

/** What keeps a definition's version from being served; '' if nothing does. */
export function definitionProblem(definition: DefinitionFacts, version: string): string {
  if (definition.terminating) return 'being deleted';
  if (condition(definition, 'NamesAccepted')?.status === 'False') return 'names not accepted';
  if (condition(definition, 'Established')?.status !== 'True') return 'not Established';
  if (!definition.versions.some(({ name, served }) => served && name === version)) return `${version} not served`;
  return '';
}

function finding<T>(answer: Answer<T> | undefined, look: (value: T) => ShapeFinding): ShapeFinding {
  switch (answer?.kind) {
    case 'read':
      return look(answer.value);
    case 'absent':
      return { state: 'missing', note: '404' };
    case 'failed':
      return { state: 'unknown', note: answer.message };
    default:
      return { state: 'not-applicable', note: 'not offered' };
  }
}

function inList({ resources }: APIResourceList, { resource }: SoughtType): ShapeFinding {
  if (resource === undefined || resources.some(({ name }) => name === resource)) return LISTED;
  return { state: 'missing', note: 'the resource is not in it' };
}

function definitionFinding(evidence: ServerEvidence, sought: SoughtType): ShapeFinding {
  const { definitions } = evidence;
  const answers = sought.resource === undefined ? [...definitions] : [...definitions].slice(0, 1);
  const failed = answers.find(([, answer]) => answer.kind === 'failed')?.[1] ?? evidence.definitionNames;
  if (failed.kind === 'failed') return { state: 'unknown', note: failed.message };
  const found = answers.flatMap(([, answer]) => (answer.kind === 'read' ? [answer.value] : []));
  if (found.length === 0) return { state: 'not-applicable', note: 'there is none' };
  const problems = found.flatMap((definition) => {
    const problem = definitionProblem(definition, sought.version);
    return problem === '' ? [] : [`${definition.name}: ${problem}`];
  });
  // A group's definitions need not all have this version.
  if (problems.length < found.length && sought.resource === undefined) return LISTED;
  return problems.length === 0 ? LISTED : { state: 'missing', note: problems.join('; ') };
}

function apiServiceFinding(evidence: ServerEvidence, sought: SoughtType): ShapeFinding {
  const { apiServices } = evidence;
  if (apiServices.kind === 'failed') return { state: 'unknown', note: apiServices.message };
  // A server without an aggregator; every other one keeps those of its own group-versions.
  if (apiServices.kind !== 'read' || apiServices.value.length === 0)
    return { state: 'not-applicable', note: 'this server keeps no such objects' };
  const object = apiServiceOf(evidence, sought);
  if (object === undefined)
    return { state: 'missing', note: `there is no APIService ${sought.version}.${sought.group}` };
  const available = condition(object, 'Available');
  if (available?.status === 'False') return { state: 'stale', note: `not Available: ${available.message}` };
  return { state: 'listed', note: object.service === '' ? 'local' : `Service ${object.service}` };
}
