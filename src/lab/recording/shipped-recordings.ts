import { readdir } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { compareServerVersions, parseServerVersion } from '../../kubernetes/kube-version.ts';

export interface ShippedRecording {
  /** `1.34.4` */
  readonly version: string;
  readonly directory: string;
}

/** The recordings that come with this package, oldest version first, in a checkout and in an installed package alike. */
export async function shippedRecordings(): Promise<readonly ShippedRecording[]> {
  const packageFile = findPackageJSON(import.meta.url);
  if (packageFile === undefined) return [];
  const home = join(dirname(packageFile), 'recordings');
  const entries = await readdir(home, { withFileTypes: true }).catch(() => []);
  return entries
    .flatMap((entry) => {
      const age = entry.isDirectory() ? parseServerVersion(entry.name) : undefined;
      return age === undefined ? [] : [{ version: entry.name, directory: join(home, entry.name), age }];
    })
    .sort((left, right) => compareServerVersions(left.age, right.age))
    .map(({ version, directory }) => ({ version, directory }));
}
