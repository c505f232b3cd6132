import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import type { RequestInfo } from '../kubernetes/request-info.ts';
import { capabilityOf, capabilityText } from '../routing/capability.ts';
import type { RoutingSnapshot } from '../routing/snapshot.ts';
import { AdminError } from './admin-page.ts';
import { documentAt } from './server-discovery-page.ts';

/** What one server serves by itself at a path. */
export interface ServerAlone {
  readonly server: string;
  readonly text: string;
  /** What its document there names: groups, versions or resources. Empty for paths without such a document. */
  readonly lists: readonly string[];
}

/** What was read of one server. */
export interface DocumentsAlone {
  /** Undefined: never read. */
  readonly discovery: ServerDiscovery | undefined;
  /** Why it cannot be read; '' when it can. */
  readonly failure: string;
}

/** From what was read of the server last; the server is not asked. */
export function explainAlone(
  { discovery, failure }: DocumentsAlone,
  snapshot: RoutingSnapshot,
  server: string,
  request: RequestInfo,
): ServerAlone {
  const position = snapshot.positions.get(server);
  if (discovery === undefined || position === undefined) {
    const why = failure === '' ? 'not yet' : failure;
    return { server, text: `The discovery of ${server} was never read (${why}).`, lists: [] };
  }
  if (request.isResourceRequest) {
    const text = capabilityText(capabilityOf(position, request, snapshot), request);
    return { server, text: `By itself, ${server} ${text}.`, lists: [] };
  }
  if (!/^\/apis?(\/|$)/.test(request.path)) {
    return { server, text: `The path is no API metadata: only ${server} knows what it answers there.`, lists: [] };
  }
  try {
    const { body } = documentAt(discovery, request.path, 'application/json', server);
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
