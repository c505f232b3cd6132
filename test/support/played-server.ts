import { createHash } from 'node:crypto';
import { discoveryContent, encodeDiscovery } from '../../src/discovery/representation.ts';
import type { ServerDiscovery } from '../../src/discovery/server-discovery.ts';
import { discoveryContentType } from '../../src/kubernetes/aggregated-discovery.ts';
import type { NetworkServer } from '../../src/servers/server-spec.ts';
import { fieldValue } from '../../src/wire/fields.ts';
import type { Upstream, UpstreamEvent, UpstreamFailure, UpstreamOptions } from '../../src/wire/upstream.ts';
import { type ArrivedRequest, FakeUpstream, failureOf } from './fake-upstream.ts';

type Health = 'silent' | 'refusing' | number;

/** A server as the control path sees it, without a socket: what it serves and how it is are the test's to change. */
export class PlayedServer {
  readonly spec: NetworkServer;
  /** What `/readyz` answers; `silent`: nothing ever; `refusing`: nobody listens. */
  health: Health = 200;
  gitVersion: string | undefined;
  /** Of `/version`, if it is not to be answered. */
  versionStatus: number | undefined;
  discovery: ServerDiscovery;
  /** Of `/api` and `/apis`, if they are not to be answered. */
  discoveryStatus: number | undefined;
  /** Answers lists and watches of objects; without it they are answered 404. */
  objects: ((request: ArrivedRequest) => void) | undefined;
  /** While set, requests for API metadata wait for `release`. */
  #held: ArrivedRequest[] | undefined;
  /** Every set of connections that was opened to it, in order. */
  readonly opened: { readonly options: UpstreamOptions; readonly upstream: FakeUpstream }[] = [];

  constructor(name: string, gitVersion: string, discovery: ServerDiscovery, overrides: Partial<NetworkServer> = {}) {
    this.spec = {
      kind: 'network',
      name,
      host: `${name}.example`,
      port: 6443,
      servername: 'kubernetes.default.svc',
      local: false,
      ...overrides,
    };
    this.gitVersion = gitVersion;
    this.discovery = discovery;
  }

  readonly open = (options: UpstreamOptions): Upstream => {
    const upstream = new FakeUpstream((request) => this.#serve(request));
    this.opened.push({ options, upstream });
    return upstream;
  };

  /** Paths that were asked for, by set of connections. */
  get paths(): string[] {
    return this.opened.flatMap(({ upstream }) => upstream.requests.map(({ head }) => head.target));
  }

  count(path: string): number {
    return this.paths.filter((asked) => asked === path).length;
  }

  /** Tells those who listen to the connections of clients, or of probes, what happened to them. */
  tell(to: 'clients' | 'probe', event: UpstreamEvent): void {
    const listeners = this.opened.flatMap(({ options }) => (options.onEvent === undefined ? [] : [options.onEvent]));
    // The control path opens the probe's connections last.
    const [probe, ...clients] = listeners.toReversed();
    for (const listener of to === 'probe' ? [probe] : clients.slice(0, 1)) listener?.(event);
  }

  /** From now on API metadata is answered only after `release`. */
  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const request of held) this.#serve(request);
  }

  #serve(request: ArrivedRequest): void {
    if (this.health === 'refusing') {
      request.fail(unreachable());
      return;
    }
    if (this.health === 'silent') return;
    switch (request.head.target) {
      case '/readyz':
        request.respond(this.health, [], this.health === 200 ? 'ok' : '[-]shutdown failed\nreadyz check failed');
        return;
      case '/version':
        if (this.versionStatus !== undefined) request.respond(this.versionStatus, [], 'no');
        else if (this.gitVersion === undefined) request.respond(404, [], 'no');
        else request.respond(200, [], JSON.stringify({ gitVersion: this.gitVersion }));
        return;
      case '/api':
      case '/apis':
        if (this.#held !== undefined) this.#held.push(request);
        else this.#metadata(request, request.head.target === '/api' ? 'api' : 'apis');
        return;
      default:
        if (this.objects !== undefined && request.head.target !== '/openapi/v3') this.objects(request);
        else request.respond(404, [], '404 page not found');
    }
  }

  #metadata(request: ArrivedRequest, root: 'api' | 'apis'): void {
    if (this.discoveryStatus !== undefined) {
      request.respond(this.discoveryStatus, [], 'no');
      return;
    }
    const body = Buffer.from(encodeDiscovery(discoveryContent(this.discovery[root]), 'v2'));
    const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
    if (fieldValue(request.head.fields, 'if-none-match') === etag) request.respond(304, ['etag', etag]);
    else request.respond(200, ['content-type', discoveryContentType('v2'), 'etag', etag], body.toString('utf8'));
  }
}

export function unreachable(): UpstreamFailure {
  return failureOf({ message: 'nobody listens' });
}
