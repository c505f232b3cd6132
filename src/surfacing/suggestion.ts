import { nearest } from '../config/nearest.ts';
import type { Case } from './remark.ts';

/** A sentence on what may have been meant instead, with a space before it; '' when nothing comes to mind. */
export function suggestion({ sought, views }: Pick<Case, 'sought' | 'views'>): string {
  const groups = views.flatMap(({ evidence: { server } }) => [
    ...(server.tables?.api ?? []),
    ...(server.tables?.apis ?? []),
  ]);
  const { group, version, resource } = sought;
  const names = new Set(groups.map(({ metadata }) => metadata.name).filter(Boolean));
  const versions = groups.filter(({ metadata }) => metadata.name === group).flatMap((each) => each.versions ?? []);
  if (versions.length === 0) {
    const found = nearest(group, names);
    return found === undefined ? '' : ` Did you mean ${resource === undefined ? found : `${resource}.${found}`}?`;
  }
  const known = [...new Set(versions.map((each) => each.version))];
  if (version !== '' && !known.includes(version)) {
    return ` Of ${group || 'the core group'} there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}.`;
  }
  if (resource === undefined) return '';
  const resources = versions.flatMap((each) => (each.resources ?? []).map((entry) => entry.resource));
  // A word alone may be a group as well as a resource of the core group.
  const found = nearest(resource, new Set(group === '' ? [...resources, ...names] : resources));
  return found === undefined ? '' : ` Did you mean ${found}?`;
}
