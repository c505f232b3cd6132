import type { SkewCode } from '../skew/skew-codes.ts';
import type { SkewCell, SkewReport, SkewRow } from '../skew/skew-report.ts';

/** Rows of one group-version that have the same to say, as one. */
export interface SkewFold {
  /** `apps/v1`, core `v1`. */
  readonly groupVersion: string;
  /** `jobs`, `jobs +status`, `pods/resize`; all of them. */
  readonly names: readonly string[];
  /** These are all rows of the group-version, which servers that lack them lack altogether. */
  readonly isWhole: boolean;
  /** Of any of the rows, by server. */
  readonly cells: readonly SkewCell[];
  readonly codes: readonly SkewCode[];
}

/** Findings that servers lack something. */
const SERVED: ReadonlySet<SkewCode> = new Set(['OnlyNewerReleases', 'OnlyOlderReleases', 'ServersDiffer']);

/** The rows of a report, folded; with `each` every row is one of its own. */
export function skewFolds(
  { rows, findings }: Pick<SkewReport, 'rows' | 'findings'>,
  each = false,
): readonly SkewFold[] {
  const whole = new Set(
    findings.flatMap((finding) =>
      SERVED.has(finding.code) && finding.subject === groupVersionOf(finding) ? [finding.subject] : [],
    ),
  );
  // Where a server lacks the group-version every row of it has a finding, and is here.
  const rowsOf = Map.groupBy(rows, groupVersionOf);
  const folded = new Map<string, SkewRow[]>();
  for (const row of rows) {
    const key = each ? JSON.stringify([row.group, row.version, row.resource, row.subresource]) : keyOf(row);
    const same = folded.get(key);
    if (same === undefined) folded.set(key, [row]);
    else same.push(row);
  }
  return [...folded.values()].flatMap((same): readonly SkewFold[] => {
    const [first] = same;
    if (first === undefined) return [];
    const groupVersion = groupVersionOf(first);
    const isWhole = !each && whole.has(groupVersion) && same.length === rowsOf.get(groupVersion)?.length;
    return [{ groupVersion, names: namesOf(same), isWhole, cells: first.servers, codes: first.findings }];
  });
}

function keyOf({ group, version, servers, findings }: SkewRow): string {
  const verbs = findings.includes('VerbsDiffer') ? servers.map((cell) => cell.verbs) : [];
  const cells = servers.map(({ serves, kind, scope, storedAs, storageVersionHash }) => [
    serves,
    kind,
    scope,
    findings.some(isAboutStorage) ? (storedAs ?? storageVersionHash) : undefined,
  ]);
  return JSON.stringify([group, version, findings, cells, verbs]);
}

export function isAboutStorage(code: SkewCode): boolean {
  return code.startsWith('StorageVersion');
}

/** A resource together with its subresources. */
function namesOf(rows: readonly SkewRow[]): readonly string[] {
  const names = new Map<string, string>();
  for (const { resource, subresource } of rows) {
    const known = names.get(resource);
    if (subresource === '') names.set(resource, resource);
    else if (known !== undefined) names.set(resource, `${known} +${subresource}`);
    else names.set(`${resource}/${subresource}`, `${resource}/${subresource}`);
  }
  return [...names.values()];
}

function groupVersionOf({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? version : `${group}/${version}`;
}
