import { requireGroup } from '../../admin/skew-page.ts';
import { compareServers } from '../../skew/compare-servers.ts';
import type { SkewReport } from '../../skew/skew-report.ts';
import type { SkewServer, StorageVersions } from '../../skew/skew-server.ts';
import { askStorageVersions } from '../../surfacing/storage-versions.ts';
import { EXIT } from '../io.ts';
import type { DocumentServer } from './document-server.ts';
import { SourceError } from './source-error.ts';

/** For all resource lists of a server. */
const STORAGE_MS = 20_000;

export interface DocumentComparison {
  readonly group: string | undefined;
  readonly differences: boolean;
  readonly storage: boolean;
}

/**
 * The servers of contexts and recordings compared, as `GET /skew` compares those of a proxy.
 *
 * @throws {SourceError} when there is only one
 * @throws {AdminError} when none of them serves the group
 */
export async function compareDocuments(
  servers: readonly DocumentServer[],
  { group, differences, storage }: DocumentComparison,
): Promise<SkewReport> {
  const [first, second] = servers;
  if (first !== undefined && second === undefined) {
    const example =
      first.origin.kind === 'context' ? `--context ${first.name},OTHER` : `--recorded ${first.name},OTHER`;
    throw new SourceError(
      EXIT.usage,
      `There is nothing to compare ${first.name} with; name another server: ${example}.`,
    );
  }
  requireGroup(servers, group);
  const now = performance.now();
  const compared = await Promise.all(
    servers.map(async (server): Promise<SkewServer> => {
      const { name, version, discovery, isAbout, origin } = server;
      const age = origin.kind === 'context' ? (now - origin.readAt) / 1000 : undefined;
      const known = { name, version, discovery, isAbout, ready: true, condition: '', discoveryAgeSeconds: age };
      return storage ? { ...known, storage: await storageOf(server, group) } : known;
    }),
  );
  return compareServers(compared, { now: Date.now(), group, differences });
}

function storageOf({ discovery, origin }: DocumentServer, group: string | undefined): Promise<StorageVersions> {
  if (origin.kind === 'recording') return Promise.resolve(origin.storage);
  return askStorageVersions({ ask: origin.ask, discovery, group, withinMs: STORAGE_MS });
}
