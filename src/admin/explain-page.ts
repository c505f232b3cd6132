import type { PublishedDiscovery } from '../discovery/published-discovery.ts';
import { type RequestInfo, RequestInfoError, requestInfo } from '../kubernetes/request-info.ts';
import { mergedForm } from '../proxy/merged-form.ts';
import { openExchanges, type ProxySnapshot } from '../proxy/proxy-snapshot.ts';
import { type Capability, capabilityOf, capabilityText } from '../routing/capability.ts';
import { decide, isWorthRefreshing } from '../routing/decide.ts';
import { decisionText } from '../routing/decision-text.ts';
import { subject } from '../routing/unavailable.ts';
import { versionText } from '../surfacing/remark.ts';
import { AdminError, type AdminPage, jsonAnswer, required } from './admin-page.ts';
import { ageSeconds, type ControlView, monitorOf } from './control-view.ts';
import { documentAt } from './server-discovery-page.ts';

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
  /** What a client gets: one entry, or one for each preferred server that makes a difference. */
  readonly outcomes: readonly Outcome[];
  /** What the server that was asked about serves by itself; null when none was. */
  readonly alone: ServerAlone | null;
}

export interface ExplainedServer {
  readonly name: string;
  /** '' when it has not told. */
  readonly version: string;
  readonly ready: boolean;
  /** Why it gets no requests; '' when it does. */
  readonly condition: string;
  /** null: never read. */
  readonly discoveryAgeSeconds: number | null;
  /** null for paths that name no resource. */
  readonly capability: Capability | null;
  /** The capability in words: `knows jobs, not the verb create`. */
  readonly text: string;
}

export interface Outcome {
  /** Names of the preferred servers with this outcome. Empty: no server is ready. */
  readonly preferred: readonly string[];
  /** `merged`: the proxy answers from the merged view. */
  readonly kind: 'merged' | 'forward' | 'unavailable';
  /** Who answers; '' when the proxy does. */
  readonly server: string;
  /** A name of `Decision`; `MergedView`. */
  readonly reason: string;
  readonly text: string;
  /** Status of the proxy's own answer; null when a server's is passed on. */
  readonly status: number | null;
}

export interface ServerAlone {
  readonly server: string;
  readonly text: string;
  /** What its document at this path names: groups, versions or resources. Empty for other paths. */
  readonly lists: readonly string[];
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
      if (!path.startsWith('/'))
        throw new AdminError('BadRequest', `The path must begin with "/", as in /api/v1/pods: ${path}`);
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
    return { ...head, request: null, refused, subject: path, servers: [], outcomes: [], alone: null };
  }
  const { snapshot } = view.registry();
  return {
    ...head,
    request,
    refused: null,
    subject: subject(request),
    servers: snapshot.servers.map((_, position) => explainServer(view, snapshot, position, request)),
    outcomes: outcomes(view, snapshot, request, method, server),
    alone: server === undefined ? null : alone(view, server, request, snapshot),
  };
}

function explainServer(
  view: ControlView,
  snapshot: ProxySnapshot,
  position: number,
  request: RequestInfo,
): ExplainedServer {
  const { name = '', version, ready = false, condition = '' } = snapshot.servers[position] ?? {};
  const monitor = view.registry().monitors.find(({ spec }) => spec.name === name);
  const capability = request.isResourceRequest ? capabilityOf(position, request, snapshot) : null;
  return {
    name,
    version: version === undefined ? '' : versionText(version),
    ready,
    condition,
    discoveryAgeSeconds: ageSeconds(monitor?.confirmedAt ?? 0, view.clock()) ?? null,
    capability,
    text: capability === null ? '' : capabilityText(capability, request),
  };
}

function outcomes(
  view: ControlView,
  snapshot: ProxySnapshot,
  request: RequestInfo,
  method: string,
  server: string | undefined,
): readonly Outcome[] {
  const named = server === undefined ? snapshot.local : snapshot.positions.get(server);
  const ready = snapshot.servers.flatMap((each, position) => (each.ready ? [position] : []));
  const candidates = named === undefined ? ready : [named];
  const names = (positions: readonly number[]) => positions.map((position) => snapshot.servers[position]?.name ?? '');
  if (isMerged(snapshot.published, request, method)) {
    const text = 'The proxy answers from the merged view, once a server has let the caller read this path.';
    return [{ preferred: names(candidates), kind: 'merged', server: '', reason: 'MergedView', text, status: 200 }];
  }
  const found = new Map<string, Outcome & { readonly preferred: string[] }>();
  for (const preferred of candidates.length === 0 ? [undefined] : candidates) {
    const outcome = outcomeFor(view, snapshot, request, preferred);
    const key = JSON.stringify(outcome);
    const same = found.get(key) ?? { ...outcome, preferred: [] };
    found.set(key, same);
    if (preferred !== undefined) same.preferred.push(...names([preferred]));
  }
  return [...found.values()];
}

function outcomeFor(
  view: ControlView,
  snapshot: ProxySnapshot,
  request: RequestInfo,
  preferred: number | undefined,
): Omit<Outcome, 'preferred'> {
  const now = view.clock();
  const load = (position: number) => openExchanges(snapshot.backends[position]);
  const decision = decide(request, snapshot, { preferred, tried: new Set(), alreadyProxied: false, load, now });
  const { text, answer } = decisionText(decision, request, snapshot);
  const again = isWorthRefreshing(decision, snapshot, view.freshnessWindowMs, now);
  const first = again ? ' Before that, the discovery of all servers is read again, and the decision made anew.' : '';
  const server = decision.kind === 'forward' ? (snapshot.servers[decision.server]?.name ?? '') : '';
  return {
    kind: decision.kind,
    server,
    reason: decision.reason,
    text: `${text}${first}`,
    status: answer?.status ?? null,
  };
}

function isMerged(published: PublishedDiscovery | undefined, info: RequestInfo, method: string): boolean {
  if (published === undefined) return false;
  const head = { method, target: info.path, authority: undefined, fields: ['accept', 'application/json'] };
  return mergedForm({ exchange: { head }, info, alreadyProxied: false }, published) !== undefined;
}

function alone(view: ControlView, server: string, request: RequestInfo, snapshot: ProxySnapshot): ServerAlone {
  const { fetched, discoveryFailure } = monitorOf(view.registry(), server);
  const position = snapshot.positions.get(server);
  if (fetched === undefined) {
    const why = discoveryFailure === '' ? 'not yet' : discoveryFailure;
    return { server, text: `The discovery of ${server} was never read (${why}).`, lists: [] };
  }
  if (request.isResourceRequest) {
    const capability = position === undefined ? undefined : capabilityOf(position, request, snapshot);
    const text = capability === undefined ? 'is not in the snapshot' : capabilityText(capability, request);
    return { server, text: `By itself, ${server} ${text}.`, lists: [] };
  }
  if (!/^\/apis?(\/|$)/.test(request.path)) {
    return { server, text: `By itself, ${server} answers what it likes: the path is no API metadata.`, lists: [] };
  }
  try {
    const { body } = documentAt(fetched.discovery, request.path, 'application/json', server);
    const lists = namesIn(JSON.parse(String(body)));
    return { server, text: `By itself, ${server} lists here: ${lists.join(', ') || 'nothing'}.`, lists };
  } catch (error) {
    if (error instanceof AdminError) return { server, text: `By itself, ${error.message}`, lists: [] };
    throw error;
  }
}

/** Groups, versions or resources of an unaggregated document. */
function namesIn(document: Readonly<Record<string, unknown>>): readonly string[] {
  const list = document['groups'] ?? document['versions'] ?? document['resources'];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    if (typeof item === 'string') return [item];
    if (typeof item !== 'object' || item === null) return [];
    const name = 'name' in item ? item.name : 'version' in item ? item.version : undefined;
    return typeof name === 'string' ? [name] : [];
  });
}
