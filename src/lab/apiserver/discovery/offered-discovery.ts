import type { DiscoveryVersion } from '../../../kubernetes/aggregated-discovery.ts';
import { parseServerVersion } from '../../../kubernetes/kube-version.ts';

/**
 * The versions of aggregated discovery that a kube-apiserver answers in by default: v2beta1 from 1.26 until 1.32 (KEP-3352;
 * 1.33 turned AggregatedDiscoveryRemoveBetaType on), v2 from 1.30.
 * @param version `1.34.4`
 */
export function offeredDiscovery(version: string): readonly DiscoveryVersion[] {
  const { major = 1, minor = Number.POSITIVE_INFINITY } = parseServerVersion(version) ?? {};
  const release = major > 1 ? Number.POSITIVE_INFINITY : minor;
  return [
    ...(release >= 30 ? (['v2'] as const) : []),
    ...(release >= 26 && release <= 32 ? (['v2beta1'] as const) : []),
  ];
}
