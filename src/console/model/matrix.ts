import type { SkewCell, SkewFinding, SkewReport, SkewRow } from './answers.ts';
import { counted, resourceName } from './words.ts';

/** Which rows of the matrix are shown. */
export interface MatrixFilter {
  /** Words that all have to be in the row's names, kinds or findings. */
  readonly text: string;
  readonly differencesOnly: boolean;
}

/** Stable over reports. */
export function rowKey({ group, version, resource, subresource }: SkewRow): string {
  return `${group}/${version}/${resource}/${subresource}`;
}

/** Reports are replaced, not changed, so that a row's text is made once. */
const searched = new WeakMap<SkewRow, string>();

function searchText(row: SkewRow): string {
  const known = searched.get(row);
  if (known !== undefined) return known;
  const { group, version, resource, subresource, kind, findings } = row;
  const parts = [`${group === '' ? 'core' : group}/${version}`, `${resource}/${subresource}`, kind, ...findings];
  const text = `${resource}.${version}.${group} ${resource}.${group} ${parts.join(' ')}`.toLowerCase();
  searched.set(row, text);
  return text;
}

/** The rows that pass, in the order of the report. */
export function filterRows(rows: readonly SkewRow[], { text, differencesOnly }: MatrixFilter): readonly SkewRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && !differencesOnly) return rows;
  return rows.filter((row) => {
    if (differencesOnly && row.findings.length === 0) return false;
    return words.every((word) => searchText(row).includes(word));
  });
}

/** One cell as it is drawn and read out. */
export interface CellView {
  readonly mark: 'yes' | 'partly' | 'no' | 'stale' | 'unknown';
  /** Beside the mark; '' where the mark says all. */
  readonly note: string;
  /** For those who do not see the mark. */
  readonly label: string;
}

/** Verbs that any server has, in the order they are first named. */
export function allVerbs(row: SkewRow): readonly string[] {
  return [...new Set(row.servers.flatMap(({ verbs }) => verbs))];
}

/** Verbs that other servers have and the one of this cell lacks. */
export function missingVerbs(row: SkewRow, cell: SkewCell): readonly string[] {
  return cell.serves === 'yes' ? allVerbs(row).filter((verb) => !cell.verbs.includes(verb)) : [];
}

export function cellView(row: SkewRow, cell: SkewCell | undefined): CellView {
  switch (cell?.serves) {
    case 'yes': {
      const missing = missingVerbs(row, cell);
      if (missing.length === 0) return { mark: 'yes', note: '', label: 'served' };
      const note = `−${missing.length}`;
      return {
        mark: 'partly',
        note,
        label: `served without ${counted(missing.length, 'verb')}: ${missing.join(', ')}`,
      };
    }
    case 'no':
      return { mark: 'no', note: '', label: 'not served' };
    case 'stale':
      return { mark: 'stale', note: '', label: 'stale: the extension server behind it does not answer' };
    default:
      return { mark: 'unknown', note: '', label: 'not known' };
  }
}

/** Keys of rows that came or changed from one report to the next; none when there was no report before. */
export function changedRows(before: SkewReport | undefined, after: SkewReport): ReadonlySet<string> {
  const changed = new Set<string>();
  if (before === undefined) return changed;
  const old = new Map(before.rows.map((row) => [rowKey(row), signature(before, row)]));
  for (const row of after.rows) {
    const key = rowKey(row);
    if (old.get(key) !== signature(after, row)) changed.add(key);
  }
  return changed;
}

/** Servers change places when one is upgraded; that alone is no change of a row. */
function signature({ servers }: SkewReport, row: SkewRow): string {
  return row.servers
    .map(({ serves, verbs }, at) => `${servers[at]?.name} ${serves} ${verbs.join()}`)
    .sort()
    .join(';');
}

/** What was found about a row, with its words. */
export function findingsOf({ findings }: SkewReport, row: SkewRow): readonly SkewFinding[] {
  return findings.filter(({ code, group, version, resources }) => {
    if (!row.findings.includes(code) || group !== row.group) return false;
    if (version !== '' && version !== row.version) return false;
    return resources.length === 0 || resources.includes(resourceName(row));
  });
}

/** A request for a resource as it would be explained. */
export function exampleRequest(row: SkewRow): { readonly method: string; readonly path: string } {
  const { group, resource, subresource, scope, version } = row;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const namespace = scope === 'Namespaced' ? '/namespaces/default' : '';
  const rest = subresource === '' ? resource : `${resource}/NAME/${subresource}`;
  return { method: 'GET', path: `${root}${namespace}/${rest}` };
}
