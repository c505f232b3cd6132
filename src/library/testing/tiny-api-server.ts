import { discoveryContent, encodeDiscovery } from '../../discovery/representation.ts';
import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import { discoveryContentType } from '../../kubernetes/aggregated-discovery.ts';
import { requestInfo } from '../../kubernetes/request-info.ts';
import type { ExchangeHandler } from '../../wire/exchange.ts';
import { createAuthenticator } from '../authenticator.ts';
import { fromFetchHandler } from '../fetch-handler.ts';
import type { ClientTrustOptions } from '../options.ts';

/** What a resource of the tiny server shows: who answered, and to whom. */
export interface Shown {
  readonly servedBy: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly body: string;
}

/** The least that is an API server; what it serves and whether it is ready are the test's to change. */
export class TinyApiServer {
  readonly handler: ExchangeHandler;
  readonly name: string;
  discovery: ServerDiscovery;
  isReady = true;
  /** Method and path of what was neither health, version nor API metadata. */
  readonly requests: string[] = [];

  constructor(name: string, trust: ClientTrustOptions, discovery: ServerDiscovery) {
    this.name = name;
    this.discovery = discovery;
    const authenticate = createAuthenticator(trust);
    this.handler = fromFetchHandler(async (request, caller) => {
      const { pathname, search } = new URL(request.url);
      if (pathname === '/readyz') return new Response(this.isReady ? 'ok' : 'no', { status: this.isReady ? 200 : 500 });
      if (pathname === '/livez') return new Response(`${this.name} lives`);
      if (pathname === '/version') return Response.json({ gitVersion: 'v1.37.0' });
      const credential = authenticate(caller);
      if (pathname === '/api' || pathname === '/apis') return this.#metadata(pathname);
      if (pathname === '/openapi/v3') return new Response(null, { status: 404 });
      this.requests.push(`${request.method} ${pathname}${search}`);
      if (!this.#serves(request.method, pathname)) return new Response('404 page not found\n', { status: 404 });
      const { name: user, groups } =
        credential.kind === 'asserted' ? credential.user : { name: 'system:anonymous', groups: [] };
      return Response.json({ servedBy: this.name, user, groups, body: await request.text() } satisfies Shown);
    });
  }

  #metadata(path: '/api' | '/apis'): Response {
    const content = discoveryContent(this.discovery[path === '/api' ? 'api' : 'apis']);
    const body = new Uint8Array(encodeDiscovery(content, 'v2'));
    return new Response(body, { headers: { 'content-type': discoveryContentType('v2') } });
  }

  #serves(method: string, path: string): boolean {
    const { apiGroup, apiVersion, resource } = requestInfo(method, path);
    const groups = apiGroup === '' ? this.discovery.api : this.discovery.apis;
    const versions = groups.find(({ metadata }) => (metadata.name ?? '') === apiGroup)?.versions ?? [];
    const resources = versions.find(({ version }) => version === apiVersion)?.resources ?? [];
    return resources.some((served) => served.resource === resource);
  }
}
