import { type RequestInfo, RequestInfoError, requestInfo } from '../kubernetes/request-info.ts';
import { mergedForm } from '../proxy/merged-form.ts';
import { openAPIForm } from '../proxy/openapi-form.ts';
import { openExchanges, type ProxySnapshot } from '../proxy/proxy-snapshot.ts';
import {
  explainOutcomes,
  explainServers,
  type OutcomeExplanation,
  preferredCandidates,
  type ServerExplanation,
} from '../routing/explanation.ts';
import { subject } from '../routing/unavailable.ts';
import { AdminError, type AdminPage, jsonAnswer, required } from './admin-page.ts';
import { ageSeconds, type ControlView, monitorOf, versionText } from './control-view.ts';
import { explainAlone, type ServerAlone } from './server-alone.ts';

/** What `GET /explain` answers; also the output of `mvproxy explain --output json`. */
export interface RequestExplanation {
  readonly kind: 'RequestExplanation';
  readonly method: string;
  readonly path: string;
  /** How kube-apiserver reads the URL; null when it refuses to, see `refused`. */
  readonly request: RequestInfo | null;
  readonly refused: { readonly status: number; readonly message: string } | null;
  /** What is asked for, in one word: `jobs/status.v1.batch`, or the path. */
  readonly subject: string;
  /** Newest first. */
  readonly servers: readonly ExplainedServer[];
  /** The proxy answers from its merged view, whatever the preferred server. */
  readonly merged: boolean;
  /** What a client gets, by the server it prefers. Without meaning while `merged`. */
  readonly outcomes: readonly OutcomeExplanation[];
  /** What the server that was asked about serves by itself; null when none was. */
  readonly alone: ServerAlone | null;
}

export interface ExplainedServer extends ServerExplanation {
  /** '' when it has not told. */
  readonly version: string;
  /** null: never read. */
  readonly discoveryAgeSeconds: number | null;
}

/**
 * `GET /explain?method=GET&path=/apis/…[&server=NAME]`: how the URL is read, who serves it, which server would answer and
 * why. `server` is taken for the preferred server, and it is told what it serves by itself. Nothing is asked of any server.
 */
export function explainPage(view: ControlView): AdminPage {
  return {
    path: '/explain',
    answer({ query }) {
      const method = (query.get('method') ?? 'GET').toUpperCase();
      const path = required(query, 'path', '/explain?method=GET&path=/apis/apps/v1/deployments');
      if (!path.startsWith('/')) {
        throw new AdminError('BadRequest', `The path must begin with "/", as in /api/v1/pods: ${path}`);
      }
      const server = query.get('server') ?? undefined;
      if (server !== undefined) monitorOf(view.registry(), server);
      return jsonAnswer(explain(view, method, path, server));
    },
  };
}

function explain(view: ControlView, method: string, path: string, server: string | undefined): RequestExplanation {
  const head = { kind: 'RequestExplanation', method, path } as const;
  let request: RequestInfo;
  try {
    request = requestInfo(method, path);
  } catch (error) {
    if (!(error instanceof RequestInfoError)) throw error;
    const refused = { status: error.status, message: error.message };
    return { ...head, request: null, refused, subject: path, servers: [], merged: false, outcomes: [], alone: null };
  }
  const { snapshot, monitors } = view.registry();
  const position = server === undefined ? undefined : snapshot.positions.get(server);
  const merged = isMerged(snapshot, request, method) && preferredCandidates(snapshot, position).length > 0;
  const outcomes = explainOutcomes(request, snapshot, {
    preferred: position,
    load: (at) => openExchanges(snapshot.backends[at]),
    now: view.clock(),
    freshnessWindowMs: view.freshnessWindowMs,
  });
  const servers = explainServers(request, snapshot).map((each, at): ExplainedServer => {
    const confirmedAt = monitors.find(({ spec }) => spec.name === each.name)?.confirmedAt ?? 0;
    const version = versionText(snapshot.servers[at]?.version);
    return { ...each, version, discoveryAgeSeconds: ageSeconds(confirmedAt, view.clock()) ?? null };
  });
  const alone = server === undefined ? null : explainAlone(view.registry(), server, request);
  return { ...head, request, refused: null, subject: subject(request), servers, merged, outcomes, alone };
}

function isMerged({ published, publishedOpenAPI }: ProxySnapshot, info: RequestInfo, method: string): boolean {
  const head = { method, target: info.path, authority: undefined, fields: ['accept', 'application/json'] };
  const request = { exchange: { head }, info, alreadyProxied: false };
  const discovery = published === undefined ? undefined : mergedForm(request, published);
  const openapi = openAPIForm(request, publishedOpenAPI);
  return discovery !== undefined || (openapi !== undefined && openapi !== 'own');
}
