import { type RequestInfo, RequestInfoError, requestInfo } from '../kubernetes/request-info.ts';
import { componentMinor } from '../proxy/client-version.ts';
import { mergedForm } from '../proxy/merged-form.ts';
import { openAPIForm } from '../proxy/openapi-form.ts';
import type { ProxySnapshot } from '../proxy/proxy-snapshot.ts';
import {
  explainOutcomes,
  explainServers,
  type OutcomeExplanation,
  preferenceText,
  preferredCandidates,
  type ServerExplanation,
} from '../routing/explanation.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import type { RoutingSnapshot } from '../routing/snapshot.ts';
import { subject } from '../routing/unavailable.ts';
import { versionText } from './control-view.ts';
import { type DocumentsAlone, explainAlone, type ServerAlone } from './server-alone.ts';

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
  /** null: never read, or recorded at another time. */
  readonly discoveryAgeSeconds: number | null;
  /** Where its documents are from: a running proxy that watches it, the server itself, or a recording. */
  readonly source: DocumentSource;
}

export type DocumentSource = 'proxy' | 'context' | 'recording';

/** What an explanation is made of. */
export interface ExplainedView {
  readonly snapshot: RoutingSnapshot & Pick<ProxySnapshot, 'published' | 'publishedOpenAPI'>;
  /** Of the server with that name; every server of the snapshot is known. */
  known(server: string): KnownDocuments;
  readonly load: (position: number) => number;
  readonly now: number;
  readonly freshnessWindowMs: number;
  readonly policy: RoutingPolicy;
}

export interface KnownDocuments extends DocumentsAlone {
  readonly ageSeconds: number | undefined;
  readonly source: DocumentSource;
}

/** Whom an explanation is for. */
export interface Asker {
  /** Name of the server that it prefers; it is told what that serves by itself. Undefined: any. */
  readonly server: string | undefined;
  readonly userAgent: string | undefined;
}

/**
 * How a URL is read, who serves it, which server would answer and why. `server` of the asker is one of the snapshot.
 *
 * @param path begins with a slash, with query.
 */
export function explainRequest(
  view: ExplainedView,
  method: string,
  path: string,
  { server, userAgent }: Asker,
): RequestExplanation {
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
  const { policy, snapshot } = view;
  const isVersioned = policy.clientVersionAffinity && server === undefined && userAgent !== undefined;
  const minor = isVersioned ? componentMinor(userAgent) : undefined;
  const position = server === undefined ? undefined : snapshot.positions.get(server);
  const merged = isMerged(snapshot, request, method) && preferredCandidates(snapshot, position).length > 0;
  const outcomes = explainOutcomes(request, snapshot, {
    preferred: position,
    load: view.load,
    now: view.now,
    freshnessWindowMs: view.freshnessWindowMs,
    policy,
    minor,
  });
  const preference = preferenceText(snapshot, minor);
  const servers = explainServers(request, snapshot).map((each, at): ExplainedServer => {
    const { ageSeconds, source } = view.known(each.name);
    const version = versionText(snapshot.servers[at]?.version);
    return { ...each, version, discoveryAgeSeconds: ageSeconds ?? null, source };
  });
  const alone = server === undefined ? null : explainAlone(view.known(server), snapshot, server, request);
  return { ...head, request, refused: null, subject: subject(request), servers, merged, preference, outcomes, alone };
}

function isMerged(
  { published, publishedOpenAPI }: ExplainedView['snapshot'],
  info: RequestInfo,
  method: string,
): boolean {
  const head = { method, target: info.path, authority: undefined, fields: ['accept', 'application/json'] };
  const request = { exchange: { head }, info, alreadyProxied: false };
  const discovery = published === undefined ? undefined : mergedForm(request, published);
  const openapi = openAPIForm(request, publishedOpenAPI);
  return discovery !== undefined || (openapi !== undefined && openapi !== 'own');
}
