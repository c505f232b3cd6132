import type { RequestInfo } from '../kubernetes/request-info.ts';
import { capabilityOf, capabilityText } from '../routing/capability.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';
import { AdminError } from './admin-page.ts';
import { monitorOf } from './control-view.ts';
import { documentAt } from './server-discovery-page.ts';

/** What one server serves by itself at a path. */
export interface ServerAlone {
  readonly server: string;
  readonly text: string;
  /** What its document there names: groups, versions or resources. Empty for paths without such a document. */
  readonly lists: readonly string[];
}

/** From what was read of the server last; the server is not asked. @throws {AdminError} for an unknown server. */
export function explainAlone(registry: ServerRegistry, server: string, request: RequestInfo): ServerAlone {
  const { fetched, discoveryFailure } = monitorOf(registry, server);
  const { snapshot } = registry;
  const position = snapshot.positions.get(server);
  if (fetched === undefined || position === undefined) {
    const why = discoveryFailure === '' ? 'not yet' : discoveryFailure;
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
