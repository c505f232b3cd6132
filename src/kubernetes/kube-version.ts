/** What `/version` says about a server's age. A vendor's build suffix carries none and is dropped. */
export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Absent for a release. `numbers` are those after the stage: `alpha.1.22` has [1, 22]. */
  readonly prerelease?: { readonly stage: 'alpha' | 'beta' | 'rc'; readonly numbers: readonly number[] };
}

const SERVER_VERSION =
  /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-(alpha|beta|rc)((?:\.?\d{1,9})*)(?![0-9A-Za-z]))?(?:[-+].*)?$/;
const STAGES = ['alpha', 'beta', 'rc'] as const;

/**
 * Reads `gitVersion` of `/version`, such as `v1.34.4`, `v1.37.0-alpha.1+4f2c` or `v1.33.1-eks-1ed2`.
 *
 * Returns undefined for what tells no age: other shapes, and `v0.0.0…`, which is a binary built without a version.
 */
export function parseServerVersion(gitVersion: string): ServerVersion | undefined {
  const match = SERVER_VERSION.exec(gitVersion);
  if (match === null) return undefined;
  const [major, minor, patch] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (major === 0 && minor === 0 && patch === 0) return undefined;
  const stage = STAGES.find((name) => name === match[4]);
  if (stage === undefined) return { major, minor, patch };
  const numbers = (match[5] ?? '').split('.').filter(Boolean).map(Number);
  return { major, minor, patch, prerelease: { stage, numbers } };
}

/** Orders servers by age, oldest first; a pre-release is older than its release. */
export function compareServerVersions(left: ServerVersion, right: ServerVersion): number {
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.patch - right.patch ||
    comparePrereleases(left.prerelease, right.prerelease)
  );
}

function comparePrereleases(left: ServerVersion['prerelease'], right: ServerVersion['prerelease']): number {
  if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
  const stages = STAGES.indexOf(left.stage) - STAGES.indexOf(right.stage);
  if (stages !== 0) return stages;
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i++) {
    const difference = (left.numbers[i] ?? -1) - (right.numbers[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** As people write it: `1.37.2`, `1.38.0-rc.1`. */
export function versionText({ major, minor, patch, prerelease }: ServerVersion): string {
  const stage = prerelease === undefined ? '' : `-${[prerelease.stage, ...prerelease.numbers].join('.')}`;
  return `${major}.${minor}.${patch}${stage}`;
}

interface ApiVersion {
  readonly stability: number;
  readonly major: number;
  readonly minor: number;
}

const API_VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const STABILITIES = { alpha: 1, beta: 2, stable: 3 } as const;

/**
 * Orders API versions as Kubernetes prefers them, the preferred first: v2, v1, v2beta1, v1beta1, v1alpha1, then names of
 * any other form alphabetically (the rule of CustomResourceDefinition version priority).
 */
export function compareApiVersions(left: string, right: string): number {
  const a = parseApiVersion(left);
  const b = parseApiVersion(right);
  if (a === undefined || b === undefined) {
    return Number(a === undefined) - Number(b === undefined) || compareNames(left, right);
  }
  return b.stability - a.stability || b.major - a.major || b.minor - a.minor || compareNames(left, right);
}

/**
 * `placed` in its order, with each of `missing` inserted as Kubernetes prefers versions.
 *
 * If `placed` itself is in another order, no place may suit. A stable or beta version then goes before all less preferred
 * ones, any other behind all more preferred ones: so an alpha version never comes to precede a beta one.
 */
export function insertApiVersions(placed: readonly string[], missing: Iterable<string>): readonly string[] {
  const result = [...placed];
  for (const version of [...missing].sort(compareApiVersions)) {
    const stable = (parseApiVersion(version)?.stability ?? 0) >= STABILITIES.beta;
    const less = result.findIndex((other) => compareApiVersions(version, other) < 0);
    const behindMore = result.findLastIndex((other) => compareApiVersions(version, other) > 0) + 1;
    result.splice(stable && less !== -1 ? less : behindMore, 0, version);
  }
  return result;
}

function parseApiVersion(name: string): ApiVersion | undefined {
  const match = API_VERSION.exec(name);
  if (match === null) return undefined;
  const stability = STABILITIES[match[2] === 'alpha' || match[2] === 'beta' ? match[2] : 'stable'];
  const [major, minor] = [Number(match[1]), Number(match[3] ?? 0)];
  return Number.isSafeInteger(major) && Number.isSafeInteger(minor) ? { stability, major, minor } : undefined;
}

function compareNames(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
