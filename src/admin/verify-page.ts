import type { ServerMonitor } from '../servers/server-monitor.ts';
import { conditionOf } from '../servers/server-state.ts';
import type { ServerReport } from '../servers/snapshot-builder.ts';
import type { Answer } from '../surfacing/answer.ts';
import { checkSurfacing } from '../surfacing/check-surfacing.ts';
import type { MergedDocuments } from '../surfacing/merged-documents.ts';
import type { KnownServer } from '../surfacing/server-evidence.ts';
import { openAPIPaths } from '../surfacing/server-questions.ts';
import { type Readings, SurfacingTargetError, surfacingTarget } from '../surfacing/surfacing-target.ts';
import { FetchError } from '../wire/fetch.ts';
import { AdminError, type AdminPage, jsonAnswer, required } from './admin-page.ts';
import { ageSeconds, askerOf, type ControlView } from './control-view.ts';

/**
 * `GET /verify?target=widgets.example.com` or `?group=G&version=V&resource=R`: asks every server now whether it surfaces a
 * type, and says why not. Answers with a `SurfacingReport`.
 */
export function verifyPage(view: ControlView): AdminPage {
  return {
    path: '/verify',
    async answer({ query }) {
      const readings = readingsOf(query);
      const report = await checkSurfacing(readings, {
        servers: knownServers(view),
        merged: () => Promise.resolve(mergedDocuments(view)),
      });
      return jsonAnswer(report);
    },
  };
}

function readingsOf(query: URLSearchParams): Readings {
  const group = query.get('group');
  try {
    if (group === null) return surfacingTarget(required(query, 'target', '/verify?target=widgets.example.com'));
    const parts = [group === '' ? 'core' : group, query.get('version') ?? '', query.get('resource') ?? ''];
    while (parts.at(-1) === '') parts.pop();
    // Without a slash a group could be read as a resource.
    if (parts.length === 1) return [{ group: surfacingTarget(`${parts[0]}/v1`)[0].group }];
    return surfacingTarget(parts.join('/'));
  } catch (error) {
    if (error instanceof SurfacingTargetError) throw new AdminError('BadRequest', error.message);
    throw error;
  }
}

function knownServers(view: ControlView): readonly KnownServer[] {
  const registry = view.registry();
  const now = view.clock();
  const fields = view.identity();
  return [
    ...registry.monitors.map((monitor) => knownServer(monitor, fields, now)),
    ...registry.departed.map(({ report, leftAt }) => departedServer(report, leftAt, now)),
  ];
}

function knownServer(monitor: ServerMonitor, fields: readonly string[], now: number): KnownServer {
  const { spec, version, state, discoveryFailure, confirmedAt, fetched } = monitor;
  return {
    name: spec.name,
    version,
    state: state.kind,
    condition: conditionOf(state),
    discoveryFailure,
    discoveryAgeSeconds: ageSeconds(confirmedAt, now),
    tables: fetched?.discovery,
    ask: askerOf(monitor, fields),
  };
}

function departedServer(
  { name, version, confirmedAt, discovery, condition }: ServerReport,
  leftAt: number,
  now: number,
): KnownServer {
  const message = `${condition} ${Math.round((now - leftAt) / 1000)} s ago`;
  const failure = { processed: 'no', reason: 'refused', cause: 'connect', message } as const;
  return {
    name,
    version,
    state: 'gone',
    condition: message,
    discoveryFailure: '',
    discoveryAgeSeconds: ageSeconds(confirmedAt, now),
    tables: discovery,
    ask: () => Promise.reject(new FetchError(failure)),
  };
}

function mergedDocuments(view: ControlView): MergedDocuments {
  const { published, publishedOpenAPI } = view.registry().snapshot;
  const openapiV3: Answer<readonly string[]> =
    publishedOpenAPI === undefined
      ? { kind: 'not-offered' }
      : { kind: 'read', value: openAPIPaths(JSON.parse(new TextDecoder().decode(publishedOpenAPI.index.identity))) };
  return { published, openapiV3 };
}
