import { type RequestInfo, RequestInfoError, requestInfo } from '../kubernetes/request-info.ts';
import { componentMinor } from '../proxy/client-version.ts';
import { mergedForm } from '../proxy/merged-form.ts';
import { openAPIForm } from '../proxy/openapi-form.ts';
import { openExchanges, type ProxySnapshot } from '../proxy/proxy-snapshot.ts';
import {
  explainOutcomes,
  explainServers,
  type OutcomeExplanation,
  preferenceText,
  preferredCandidates,
  type ServerExplanation,
} from '../routing/explanation.ts';
import { NO_POLICY } from '../routing/routing-policy.ts';
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
  /** Why the client that was asked about prefers the servers it does; '' when its version makes no difference. */
  readonly preference: string;
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
 * `GET /explain?method=GET&path=/apis/…[&server=NAME][&client=USER-AGENT]`: how the URL is read, who serves it, which
 * server would answer and why. `server` is taken for the preferred server, and it is told what it serves by itself;
 * `client` is taken for the client's User-Agent. Nothing is asked of any server.
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
      return jsonAnswer(explain(view, method, path, { server, userAgent: query.get('client') ?? undefined }));
    },
  };
}

interface Asker {
  readonly server: string | undefined;
  readonly userAgent: string | undefined;
}

function explain(view: ControlView, method: string, path: string, { server, userAgent }: Asker): RequestExplanation {
  const head = { kind: 'RequestExplanation', method, path } as const;
  let request: RequestInfo;
  try {
    request = requestInfo(method, path);
  } catch (error) {
    if (!(error instanceof RequestInfoError)) throw error;
    const refused = { status: error.status, message: error.message };
    const nothing = { servers: [], merged: false, preference: '', outcomes: [], alone: null };
    return { ...head, request: null, refused, subject: path, ...nothing };
  }
  const { policy = NO_POLICY } = view;
  const isVersioned = policy.clientVersionAffinity && server === undefined && userAgent !== undefined;
  const minor = isVersioned ? componentMinor(userAgent) : undefined;
  const { snapshot, monitors } = view.registry();
  const position = server === undefined ? undefined : snapshot.positions.get(server);
  const merged = isMerged(snapshot, request, method) && preferredCandidates(snapshot, position).length > 0;
  const outcomes = explainOutcomes(request, snapshot, {
    preferred: position,
    load: (at) => openExchanges(snapshot.backends[at]),
    now: view.clock(),
    freshnessWindowMs: view.freshnessWindowMs,
    policy,
    minor,
  });
  const preference = preferenceText(snapshot, minor);
  const servers = explainServers(request, snapshot).map((each, at): ExplainedServer => {
    const confirmedAt = monitors.find(({ spec }) => spec.name === each.name)?.confirmedAt ?? 0;
    const version = versionText(snapshot.servers[at]?.version);
    return { ...each, version, discoveryAgeSeconds: ageSeconds(confirmedAt, view.clock()) ?? null };
  });
  const alone = server === undefined ? null : explainAlone(view.registry(), server, request);
  return { ...head, request, refused: null, subject: subject(request), servers, merged, preference, outcomes, alone };
}

function isMerged({ published, publishedOpenAPI }: ProxySnapshot, info: RequestInfo, method: string): boolean {
  const head = { method, target: info.path, authority: undefined, fields: ['accept', 'application/json'] };
  const request = { exchange: { head }, info, alreadyProxied: false };
  const discovery = published === undefined ? undefined : mergedForm(request, published);
  const openapi = openAPIForm(request, publishedOpenAPI);
  return discovery !== undefined || (openapi !== undefined && openapi !== 'own');
}
