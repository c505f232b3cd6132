import { inTurns } from '../servers/in-turns.ts';
import { conditionOf } from '../servers/server-state.ts';
import { compareSteps } from '../skew/compare-servers.ts';
import { groupNames } from '../skew/group-listing.ts';
import type { SkewReport } from '../skew/skew-report.ts';
import type { SkewServer } from '../skew/skew-server.ts';
import { askStorageVersions } from '../surfacing/storage-versions.ts';
import { AdminError, type AdminPage } from './admin-page.ts';
import { ageSeconds, askerOf, type ControlView } from './control-view.ts';
import { nearestText } from './nearest-text.ts';

/** For all resource lists of a server; the last of them may take as long again as one question may. */
const STORAGE_MS = 8_000;
/** Rows that are written as JSON at a time. */
const ROWS = 100;

/**
 * `GET /skew[?group=G][&differences=true][&storage=true]`: what each server serves, compared, from what was read of them
 * last; answers with a `SkewReport`. With `storage` servers are also asked, now, as which version they write objects.
 */
export function skewPage(view: ControlView): AdminPage {
  return {
    path: '/skew',
    async answer({ query }) {
      const group = groupIn(query);
      const servers = skewServers(view);
      requireGroup(servers, group);
      const asked = flagIn(query, 'storage') ? await withStorage(view, servers, group) : servers;
      const options = { now: view.clock(), group, differences: flagIn(query, 'differences') };
      const report = await inTurns(compareSteps(asked, options));
      return { status: 200, contentType: 'application/json', body: await inTurns(jsonSteps(report)) };
    },
  };
}

/** @throws {AdminError} naming the nearest group, when no server has it */
export function requireGroup(servers: readonly Pick<SkewServer, 'discovery'>[], group: string | undefined): void {
  if (group === undefined) return;
  const names = groupNames(servers);
  if (names.includes(group)) return;
  const meant = nearestText(group, names);
  const nobody = `No server that was read serves the group "${group || 'core'}".`;
  throw new AdminError('NotFound', `${nobody}${meant} Without a group all of them are compared.`);
}

/** What was read of the servers. */
function skewServers(view: ControlView): readonly SkewServer[] {
  const now = view.clock();
  return view.registry().monitors.map(({ spec, version, state, fetched, confirmedAt, discoveryFailure }) => ({
    name: spec.name,
    version,
    ready: state.kind === 'ready',
    condition: conditionOf(state) || (fetched === undefined ? discoveryFailure : ''),
    discoveryAgeSeconds: ageSeconds(confirmedAt, now),
    discovery: fetched?.discovery,
  }));
}

/** All servers at the same time; those that cannot be asked say so. */
function withStorage(
  view: ControlView,
  servers: readonly SkewServer[],
  group: string | undefined,
): Promise<readonly SkewServer[]> {
  const { monitors } = view.registry();
  return Promise.all(
    servers.map(async (server): Promise<SkewServer> => {
      const monitor = monitors.find(({ spec }) => spec.name === server.name);
      if (monitor === undefined || server.discovery === undefined) return server;
      const ask = askerOf(monitor, view.identity());
      const { discovery } = server;
      return { ...server, storage: await askStorageVersions({ ask, discovery, group, withinMs: STORAGE_MS }) };
    }),
  );
}

/** The JSON of a report, which of a large cluster is megabytes, row by row. */
function* jsonSteps({ rows, ...rest }: SkewReport): Generator<void, string> {
  const parts: string[] = [];
  for (let at = 0; at < rows.length; at += ROWS) {
    parts.push(
      rows
        .slice(at, at + ROWS)
        .map((row) => JSON.stringify(row))
        .join(',\n'),
    );
    yield;
  }
  return `${JSON.stringify(rest).slice(0, -1)},"rows":[${parts.join(',\n')}]}\n`;
}

/** `core` and '' are the core group; undefined: all groups. */
function groupIn(query: URLSearchParams): string | undefined {
  const group = query.get('group') ?? undefined;
  return group === 'core' ? '' : group;
}

function flagIn(query: URLSearchParams, name: string): boolean {
  const value = query.get(name) ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw new AdminError('BadRequest', `The parameter ${name} must be true or false, not "${value}": /skew?${name}=true`);
}
