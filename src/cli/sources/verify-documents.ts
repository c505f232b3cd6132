import { publishDiscovery } from '../../discovery/published-discovery.ts';
import { checkSurfacing } from '../../surfacing/check-surfacing.ts';
import type { KnownServer } from '../../surfacing/server-evidence.ts';
import type { SurfacingReport } from '../../surfacing/surfacing-report.ts';
import { surfacingTarget } from '../../surfacing/surfacing-target.ts';
import { EXIT } from '../io.ts';
import type { DocumentServer } from './document-server.ts';
import { mergeDocuments } from './document-snapshot.ts';
import { SourceError } from './source-error.ts';

/**
 * Asks the API servers of contexts whether they surface a type. In place of a proxy's documents stand those that one in
 * front of them would publish; it has no OpenAPI.
 *
 * @throws {SourceError} for recordings, which cannot be asked
 * @throws {SurfacingTargetError}
 */
export async function verifyDocuments(servers: readonly DocumentServer[], target: string): Promise<SurfacingReport> {
  const readings = surfacingTarget(target);
  const now = performance.now();
  const known = servers.map(({ name, version, discovery, origin }): KnownServer => {
    if (origin.kind === 'recording') {
      throw new SourceError(
        EXIT.usage,
        `Verify asks servers for every shape of discovery and for definitions, which a recording does not hold. Ask API servers (--context) or a running proxy; who serves a type by recordings says "mvproxy skew --recorded … --all --group GROUP".`,
      );
    }
    return {
      name,
      version,
      state: 'ready',
      condition: '',
      discoveryFailure: '',
      discoveryAgeSeconds: (now - origin.readAt) / 1000,
      tables: discovery,
      ask: origin.ask,
    };
  });
  return checkSurfacing(readings, {
    servers: known,
    merged: async () => ({
      published: await publishDiscovery(mergeDocuments(servers)),
      openapiV3: { kind: 'not-offered' },
    }),
  });
}
