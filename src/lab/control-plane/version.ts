import { ControlPlaneError } from './control-plane-error.ts';

/** A Kubernetes release 1.MINOR.PATCH. */
export interface KubernetesVersion {
  readonly minor: number;
  readonly patch: number;
}

/**
 * Reads "1.34.4".
 *
 * @throws {ControlPlaneError} `BadUsage` for anything but a full 1.MINOR.PATCH: binaries are kept and built by full version.
 */
export function parseVersion(text: string): KubernetesVersion {
  const match = /^1\.(\d+)\.(\d+)$/.exec(text);
  if (match === null) {
    throw new ControlPlaneError(
      'BadUsage',
      `"${text}" is not a Kubernetes version. Give the full version without a leading v, such as 1.34.4.`,
    );
  }
  return { minor: Number(match[1]), patch: Number(match[2]) };
}

/** Orders version texts, oldest first. */
export function compareVersions(left: string, right: string): number {
  const a = parseVersion(left);
  const b = parseVersion(right);
  return a.minor - b.minor || a.patch - b.patch;
}
