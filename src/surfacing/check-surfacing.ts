import { versionText } from '../kubernetes/kube-version.ts';
import { apiServiceRemarks } from './api-service-remarks.ts';
import { chooseTarget, isInTables, versionsOf } from './choose-target.ts';
import { consistencyRemarks } from './consistency-remarks.ts';
import { type MergedDocuments, mergedFindings } from './merged-documents.ts';
import { type Case, isInTablesOf, type ServerView, typeText, verb } from './remark.ts';
import { servedRemarks } from './served-remarks.ts';
import { askDefinitions, askDocuments, askRoots, type KnownServer, type ServerEvidence } from './server-evidence.ts';
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
  const isClear = readings.length === 1 || isInTables(known, source.servers);
  const ask = ({ group, resource }: SurfacingTarget) => {
    const needsNames = group !== '' && !(isClear && resource !== undefined);
    return Promise.all(source.servers.map((server) => askRoots(server, group, needsNames)));
  };
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
    merged: withoutUndescribed(withoutVersionless(mergedFindings(documents, sought), sought), views),
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

/** OpenAPI of a group-version that no server describes, such as one whose extension server is down, is no gap of ours. */
function withoutUndescribed(
  merged: ReadonlyMap<Shape, ShapeFinding>,
  views: readonly ServerView[],
): ReadonlyMap<Shape, ShapeFinding> {
  const isDescribed = views.some(({ findings }) => findings.get('openapiV3')?.state === 'listed');
  const isServed = views.some(isServing);
  if (merged.get('openapiV3')?.state !== 'missing' || isDescribed || !isServed) return merged;
  return new Map(merged).set('openapiV3', { state: 'not-applicable', note: 'no server describes it' });
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
