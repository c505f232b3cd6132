import { insertApiVersions } from '../kubernetes/kube-version.ts';
import { valueRead } from './answer.ts';
import { apiServiceRemarks } from './api-service-remarks.ts';
import { consistencyRemarks } from './consistency-remarks.ts';
import { type MergedDocuments, mergedFindings } from './merged-documents.ts';
import { type Case, isInTablesOf, type ServerView, typeText, verb, versionText } from './remark.ts';
import { servedRemarks } from './served-remarks.ts';
import {
  aggregatedOf,
  askDefinitions,
  askDocuments,
  askRoots,
  groupOfDefinition,
  type KnownServer,
  type ServerDefinitions,
  type ServerEvidence,
  type ServerRoots,
} from './server-evidence.ts';
import { servedState, serverFindings } from './server-findings.ts';
import { serverRemarks } from './server-remarks.ts';
import { SHAPES, type Shape, type ShapeFinding, shapePath } from './shape.ts';
import type { SoughtType } from './sought-type.ts';
import type { Remark, ShapeReport, SurfacingReport, SurfacingVerdict, VersionReport } from './surfacing-report.ts';
import { chooseReading, type Readings, type SurfacingTarget } from './surfacing-target.ts';

/** The proxy's side of a check. */
export interface SurfacingSource {
  readonly servers: readonly KnownServer[];
  /** Asked after the servers were, so that it is not older than what they say. */
  merged(): Promise<MergedDocuments>;
}

/**
 * Asks every server, and the merged view, whether a type is surfaced, and why not. Servers are asked at once; how long each
 * question may take is up to their `ask`, and a server that answers none of the first questions gets no others.
 */
export async function checkSurfacing(readings: Readings, source: SurfacingSource): Promise<SurfacingReport> {
  const known = chooseReading(readings, (target) => isInTables(target, source.servers));
  const ask = ({ group }: SurfacingTarget) => Promise.all(source.servers.map((server) => askRoots(server, group)));
  let roots = await ask(known);
  const target = chooseTarget(readings, roots);
  // The core group has another root.
  if ((target.group === '') !== (known.group === '')) roots = await ask(target);
  const defined = await Promise.all(roots.map((each) => askDefinitions(each, target)));
  const versions = target.version === undefined ? versionsOf(target, defined) : [target.version];
  const evidence = await Promise.all(defined.map((each) => askDocuments(each, target, versions)));
  return report(target, versions, evidence, await source.merged());
}

function report(
  target: SurfacingTarget,
  versions: readonly string[],
  evidence: readonly ServerEvidence[],
  merged: MergedDocuments,
): SurfacingReport {
  const { group, resource } = target;
  const cases = (versions.length === 0 ? [''] : versions).map((version) =>
    caseOf({ group, version, resource }, evidence, merged),
  );
  const found = cases.map((each) => ({ each, remarks: remarksOn(each) }));
  const ofServers = serverRemarks(evidence);
  const reports = found.map(({ each, remarks }) => versionReport(each, remarks.length + ofServers.length > 0));
  const remarks = withoutRepeated([...found.flatMap((one) => one.remarks), ...ofServers]);
  const verdict = worst(reports.map((one) => one.verdict));
  return {
    kind: 'SurfacingReport',
    target: { group, version: target.version ?? '', resource: resource ?? '' },
    verdict,
    summary: summary(cases, reports, remarks.length),
    servers: evidence.map(({ server: { name, version, state, condition, discoveryAgeSeconds } }) => ({
      name,
      version: version === undefined ? '' : versionText(version),
      state,
      condition,
      discoveryAgeSeconds: discoveryAgeSeconds ?? null,
    })),
    versions: reports,
    remarks,
  };
}

function caseOf(sought: SoughtType, evidence: readonly ServerEvidence[], documents: MergedDocuments): Case {
  const views = evidence.map((each): ServerView => {
    const findings = withoutVersionless(serverFindings(each, sought), sought);
    return { evidence: each, findings, served: servedState(findings) };
  });
  return {
    sought,
    views,
    having: views.filter((view) => isServing(view) || (view.served === 'unknown' && isInTablesOf(view, sought))),
    lacking: views.filter(({ served }) => served === 'lacking'),
    merged: withoutVersionless(mergedFindings(documents, sought), sought),
    hasMergedView: documents.published !== undefined,
  };
}

function isServing({ served }: ServerView): boolean {
  return served === 'served' || served === 'stale';
}

/** Without a version there is neither a resource list nor an APIService to look at. */
function withoutVersionless(
  findings: ReadonlyMap<Shape, ShapeFinding>,
  { version }: SoughtType,
): ReadonlyMap<Shape, ShapeFinding> {
  if (version !== '') return findings;
  return new Map([...findings].filter(([shape]) => shape !== 'version' && shape !== 'apiService'));
}

function remarksOn(found: Case): readonly Remark[] {
  return [...servedRemarks(found), ...apiServiceRemarks(found), ...consistencyRemarks(found)];
}

function versionReport(found: Case, hasRemarks: boolean): VersionReport {
  const { sought, views, merged } = found;
  const { group, version, resource } = sought;
  const shapes = shapeNames.filter((shape) => merged.has(shape) || views.some(({ findings }) => findings.has(shape)));
  return {
    version,
    verdict: verdictOf(found, hasRemarks),
    shapes: shapes.map(
      (shape): ShapeReport => ({
        shape,
        path: shapePath(shape, group, version, resource),
        servers: Object.fromEntries(
          views.map(({ evidence, findings }) => [evidence.server.name, findings.get(shape) ?? NOTHING]),
        ),
        merged: merged.get(shape) ?? OBJECT,
      }),
    ),
  };
}

const shapeNames = Object.keys(SHAPES).filter((name): name is Shape => name in SHAPES);
const NOTHING: ShapeFinding = { state: 'not-applicable', note: '' };
const OBJECT: ShapeFinding = { state: 'not-applicable', note: 'an object, which the proxy does not publish' };

function verdictOf({ having, lacking, merged, hasMergedView }: Case, hasRemarks: boolean): SurfacingVerdict {
  const isMissing = [...merged.values()].some(({ state }) => state === 'missing');
  if (isMissing || (having.length === 0 && (lacking.length > 0 || !hasMergedView))) return 'not-surfaced';
  return hasRemarks ? 'surfaced-with-remarks' : 'surfaced';
}

const VERDICTS: readonly SurfacingVerdict[] = ['surfaced', 'surfaced-with-remarks', 'not-surfaced'];

function worst(verdicts: readonly SurfacingVerdict[]): SurfacingVerdict {
  return VERDICTS[Math.max(...verdicts.map((verdict) => VERDICTS.indexOf(verdict)))] ?? 'not-surfaced';
}

function summary(cases: readonly Case[], reports: readonly VersionReport[], remarks: number): string {
  const sentences: Readonly<Record<SurfacingVerdict, string>> = {
    surfaced: 'surfaced everywhere: by every server and, through the proxy, in every shape',
    'surfaced-with-remarks': `surfaced through the proxy, with ${remarks === 1 ? 'one remark' : `${remarks} remarks`}`,
    'not-surfaced': 'not surfaced through the proxy',
  };
  return VERDICTS.toReversed()
    .flatMap((verdict) => {
      const texts = cases.filter((_, at) => reports[at]?.verdict === verdict).map(({ sought }) => typeText(sought));
      return texts.length === 0 ? [] : [`${texts.join(' and ')} ${verb(texts, 'is', 'are')} ${sentences[verdict]}.`];
    })
    .join(' ');
}

function withoutRepeated(remarks: readonly Remark[]): readonly Remark[] {
  return [...new Map(remarks.map((each) => [JSON.stringify(each), each])).values()];
}

function isInTables({ group, resource }: SurfacingTarget, servers: readonly KnownServer[]): boolean {
  return servers.some(({ tables }) =>
    [...(tables?.api ?? []), ...(tables?.apis ?? [])].some(
      ({ metadata, versions = [] }) =>
        metadata.name === group &&
        (resource === undefined ||
          versions.some(({ resources = [] }) => resources.some((each) => each.resource === resource))),
    ),
  );
}

/** A reading that exists somewhere; else one whose group does, with the resource misspelt; else the likeliest. */
function chooseTarget(readings: Readings, roots: readonly ServerRoots[]): SurfacingTarget {
  const servers = roots.map((each) => each.server);
  const names = new Set(roots.flatMap(({ definitionNames }) => valueRead(definitionNames) ?? []));
  const groups = new Set([
    ...[...names].map(groupOfDefinition),
    ...roots.flatMap(({ apiServices }) => (valueRead(apiServices) ?? []).map(({ group }) => group)),
    ...roots.flatMap((each) => (aggregatedOf(each) ?? []).map(({ metadata }) => metadata.name)),
  ]);
  const live = roots.map((each) => ({ ...each.server, tables: { api: [], apis: aggregatedOf(each) ?? [] } }));
  const isKnownGroup = ({ group }: SurfacingTarget) => groups.has(group) || isInTables({ group }, servers);
  const exists = (target: SurfacingTarget): boolean =>
    target.resource === undefined
      ? isKnownGroup(target)
      : names.has(`${target.resource}.${target.group}`) || isInTables(target, [...servers, ...live]);
  return readings.find(exists) ?? chooseReading(readings, isKnownGroup);
}

/** Versions of the group that are known anywhere, as Kubernetes prefers them. */
function versionsOf({ group, resource }: SurfacingTarget, evidence: readonly ServerDefinitions[]): readonly string[] {
  const versions = new Set<string>();
  for (const each of evidence) {
    const { tables } = each.server;
    const groups = [...(tables?.api ?? []), ...(tables?.apis ?? []), ...(aggregatedOf(each) ?? [])];
    for (const { metadata, versions: listed = [] } of groups) {
      if (metadata.name !== group) continue;
      for (const { version, resources = [] } of listed) {
        const isSought = resource === undefined || resources.some((entry) => entry.resource === resource);
        if (isSought || resources.length === 0) versions.add(version);
      }
    }
    for (const answer of each.definitions.values()) {
      for (const { name, served } of valueRead(answer)?.versions ?? []) if (served) versions.add(name);
    }
    if (resource !== undefined) continue;
    for (const object of valueRead(each.apiServices) ?? []) if (object.group === group) versions.add(object.version);
  }
  if (versions.size > 0 || resource === undefined) return insertApiVersions([], versions);
  // Nobody has the resource: what there is of its group is where it is missing.
  return versionsOf({ group }, evidence);
}
