import { createHash } from 'node:crypto';

/** The group, version and kind that a server writes objects of a resource as. */
export interface StorageVersion {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Octets of the digest that kube-apiserver shows. */
const OCTETS = 8;
const known = new Map<string, string>();
/** So many are remembered; a server has about a hundred, each custom resource one more. */
const MOST_KNOWN = 50_000;

/**
 * What kube-apiserver shows as `storageVersionHash` for objects that are written as this: the first octets of the SHA-256
 * of `GROUP/VERSION/KIND`, in base64 (KEP-2339; apiserver pkg/endpoints/discovery).
 */
export function storageVersionHash({ group, version, kind }: StorageVersion): string {
  const text = `${group}/${version}/${kind}`;
  const before = known.get(text);
  if (before !== undefined) return before;
  const hash = createHash('sha256').update(text).digest().subarray(0, OCTETS).toString('base64');
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, hash);
  return hash;
}

/** Versions that APIs of Kubernetes were stored as; a custom resource adds those of its own. */
const USUAL_VERSIONS = [
  'v1',
  'v2',
  'v1beta1',
  'v1beta2',
  'v1beta3',
  'v2beta1',
  'v2beta2',
  'v1alpha1',
  'v1alpha2',
  'v1alpha3',
];
/** Types that moved to another group keep being stored under the old one: events in core, ingresses in extensions. */
const OLDER_GROUPS = ['', 'extensions'];

/**
 * The version behind a hash, by trying: `v1beta1`, or `extensions/v1beta1` when it is of another group; undefined when it is
 * none that comes to mind.
 */
export function storedAs(
  hash: string,
  { group, kind, versions }: { readonly group: string; readonly kind: string; readonly versions: Iterable<string> },
): string | undefined {
  const candidates = new Set([...versions, ...USUAL_VERSIONS]);
  for (const other of new Set([group, ...OLDER_GROUPS])) {
    for (const version of candidates) {
      if (storageVersionHash({ group: other, version, kind }) !== hash) continue;
      return other === group ? version : other === '' ? `core ${version}` : `${other}/${version}`;
    }
  }
  return undefined;
}
