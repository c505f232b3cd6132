import { type Asker, explainRequest, type RequestExplanation } from '../../admin/request-explanation.ts';
import type { RoutingPolicy } from '../../routing/routing-policy.ts';
import { EXIT } from '../io.ts';
import type { DocumentServer } from './document-server.ts';
import { documentSnapshot } from './document-snapshot.ts';
import { SourceError } from './source-error.ts';

/** Of a gateway whose configuration says nothing of it. */
const DEFAULT_POLICY: RoutingPolicy = { writes: 'any', clientVersionAffinity: true, rebalanceMs: 0 };

/**
 * What a gateway in front of the servers would do with a request, if all of them were ready.
 *
 * @param servers newest first.
 * @throws {SourceError} for a question that documents cannot answer
 */
export async function explainDocuments(
  servers: readonly DocumentServer[],
  method: string,
  path: string,
  asker: Asker,
): Promise<RequestExplanation> {
  if (/^\/openapi(\/|$)/.test(path)) {
    const why = 'OpenAPI is not among the documents that are read of contexts and recordings';
    throw new SourceError(
      EXIT.usage,
      `Who answers ${path} cannot be said: ${why}. Ask a running proxy: leave out --context and --recorded.`,
    );
  }
  const { server } = asker;
  if (server !== undefined && !servers.some(({ name }) => name === server)) {
    const names = servers.map(({ name }) => name).join(', ');
    throw new SourceError(EXIT.usage, `There is no server "${server}". The servers are: ${names}.`);
  }
  const now = performance.now();
  const view = {
    snapshot: await documentSnapshot(servers),
    known(name: string) {
      const found = servers.find((each) => each.name === name);
      const origin = found?.origin;
      return {
        discovery: found?.discovery,
        failure: '',
        ageSeconds: origin?.kind === 'context' ? (now - origin.readAt) / 1000 : undefined,
        source: origin?.kind ?? 'recording',
      };
    },
    load: () => 0,
    now,
    // Documents do not get newer by being read again.
    freshnessWindowMs: Number.POSITIVE_INFINITY,
    policy: DEFAULT_POLICY,
  };
  return explainRequest(view, method.toUpperCase(), path, asker);
}
