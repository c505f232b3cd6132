/** Which discovery document a path is of. */
export type DiscoveryPath =
  /** `exact`: without a slash at its end; only then is `/apis` answered in aggregated form. */
  | { readonly kind: 'root'; readonly root: '/api' | '/apis'; readonly exact: boolean }
  | { readonly kind: 'group'; readonly group: string }
  /** The core group is ''. */
  | { readonly kind: 'version'; readonly group: string; readonly version: string };

/** Reads a request's path; undefined for every path that is none of discovery. A slash at the end makes no difference. */
export function discoveryPath(path: string): DiscoveryPath | undefined {
  const exact = !path.endsWith('/');
  const [root, group, version, ...rest] = (exact ? path : path.slice(0, -1)).slice(1).split('/');
  if (rest.length > 0 || group === '' || version === '') return undefined;
  if (root === 'api' && version === undefined) {
    return group === undefined ? { kind: 'root', root: '/api', exact } : { kind: 'version', group: '', version: group };
  }
  if (root !== 'apis') return undefined;
  if (group === undefined) return { kind: 'root', root: '/apis', exact };
  return version === undefined ? { kind: 'group', group } : { kind: 'version', group, version };
}
