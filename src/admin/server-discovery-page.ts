import { discoveryContent, encodeDiscovery, goEscaped } from '../discovery/representation.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { apiVersionsDocument, unaggregatedDocuments } from '../discovery/unaggregated-documents.ts';
import { discoveryContentType, negotiateDiscovery } from '../kubernetes/discovery-accept.ts';
import { type AdminAnswer, AdminError, type AdminPage } from './admin-page.ts';
import { ageSeconds, type ControlView, monitorOf } from './control-view.ts';

/** When the document was read, RFC 3339. */
export const READ_AT = 'x-mvproxy-read-at';
/** Why it cannot be read at the moment; absent when it can. */
export const READ_FAILURE = 'x-mvproxy-read-failure';

/**
 * `GET /servers/NAME/discovery?path=/apis`: one server's own documents as they were read last, in every shape, without
 * asking the server. `Age` says how many seconds ago that was (RFC 9111 section 5.1).
 */
export function serverDiscoveryPage(view: ControlView): AdminPage {
  return {
    path: '/servers/NAME/discovery',
    answer({ names: [name = ''], query, accept }) {
      const monitor = monitorOf(view.registry(), name);
      const { fetched, confirmedAt, discoveryFailure } = monitor;
      if (fetched === undefined) {
        const why = discoveryFailure === '' ? 'not yet' : discoveryFailure;
        throw new AdminError(
          'NotRead',
          `The discovery of ${name} was never read (${why}), so that nothing is known of it.`,
        );
      }
      const document = documentAt(fetched.discovery, query.get('path') ?? '/apis', accept, name);
      const age = Math.floor(ageSeconds(confirmedAt, view.clock()) ?? 0);
      const fields = ['age', String(age), READ_AT, new Date(confirmedAt).toISOString()];
      if (discoveryFailure !== '') fields.push(READ_FAILURE, headerText(discoveryFailure));
      return { status: 200, ...document, fields };
    },
  };
}

/** @throws {AdminError} */
export function documentAt(
  { api, apis }: ServerDiscovery,
  path: string,
  accept: string | undefined,
  server: string,
): Pick<AdminAnswer, 'contentType' | 'body'> {
  const exact = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  const isRoot = path === '/api' || path === '/apis';
  const form = negotiateDiscovery(accept, ['application/json'], isRoot ? undefined : []);
  if (form.kind === 'notAcceptable') {
    throw new AdminError('NotAcceptable', 'Documents are written as JSON: send Accept: application/json, or none.');
  }
  const root = exact === '/api' || exact.startsWith('/api/') ? '/api' : '/apis';
  const groups = root === '/api' ? api : apis;
  if (form.kind === 'aggregated') {
    return { contentType: discoveryContentType(form), body: encodeDiscovery(discoveryContent(groups), form.version) };
  }
  const document =
    exact === '/api' ? apiVersionsDocument(api, undefined) : unaggregatedDocuments(root, groups).get(exact);
  if (document !== undefined) {
    return { contentType: discoveryContentType(form), body: `${goEscaped(JSON.stringify(document()))}\n` };
  }
  const [, , name, version] = root === '/apis' ? exact.split('/') : ['', '', '', exact.split('/')[2]];
  const isStale = groups.some(
    ({ metadata, versions = [] }) =>
      metadata.name === (name ?? '') && versions.some((each) => each.version === version && each.freshness === 'Stale'),
  );
  const why = isStale
    ? `${server} lists ${name}/${version} as Stale: its extension server did not answer, so that its resources are not known.`
    : `${server} has no document ${path}. There are /api, /apis and what they name: /api/VERSION, /apis/GROUP, /apis/GROUP/VERSION.`;
  throw new AdminError('NotFound', why);
}

function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
