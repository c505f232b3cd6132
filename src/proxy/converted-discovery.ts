import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { PublishedDocument } from '../discovery/published-discovery.ts';
import { discoveryContent, encodeDiscovery, encodePrettyDiscovery } from '../discovery/representation.ts';
import type { ServerDiscovery } from '../discovery/server-discovery.ts';
import { ProxyError } from '../errors.ts';
import { discoveryContentType } from '../kubernetes/aggregated-discovery.ts';
import { negotiateDiscovery } from '../kubernetes/discovery-accept.ts';
import { fieldValue, withoutFields } from '../wire/fields.ts';
import { respondAggregated } from './document-response.ts';
import { Forwarding } from './forwarding.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { DiscoveryRoot } from './proxy-snapshot.ts';
import { recordExchange } from './record-of.ts';
import { refuse } from './refusal.ts';
import { type Route, route } from './route.ts';

/** A root that a peer asks for and our server cannot answer in the form that peers understand. */
export interface DiscoveryConversion {
  readonly root: DiscoveryRoot;
  readonly routed: Route;
}

const JSON_ONLY = ['application/json'] as const;

/**
 * Tells peers in v2 what an old server behind us serves. A native server routes by its peers' v2 documents and understands
 * no other form (KEP-4020), which servers before 1.30 do not write. What we read of such a server is what it says of itself:
 * the merged view would make natives send us what our server then answers with 404.
 */
export class ConvertedDiscovery {
  readonly #context: ProxyContext;
  readonly #documents = new WeakMap<ServerDiscovery[keyof ServerDiscovery], PublishedDocument>();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** `undefined`: not a peer's request, or the server answers it itself. */
  of(request: PreparedRequest): DiscoveryConversion | undefined {
    const { alreadyProxied, exchange, info } = request;
    if (!alreadyProxied || exchange.head.method !== 'GET') return undefined;
    const root = info.path === '/api' || info.path === '/apis' ? info.path : undefined;
    if (root === undefined) return undefined;
    const form = negotiateDiscovery(fieldValue(exchange.head.fields, 'accept'), JSON_ONLY);
    if (form.kind !== 'aggregated' || form.version !== 'v2') return undefined;
    const { control, clock } = this.#context;
    const routed = route(control, request, clock());
    if (routed.decision.kind !== 'forward') return undefined;
    const backend = routed.snapshot.backends[routed.decision.server];
    return backend?.toConvert === undefined ? undefined : { root, routed };
  }

  /** Asks the server whether the caller may read it, as for every answer of ours. */
  answer(request: PreparedRequest, { root, routed }: DiscoveryConversion): void {
    const asking = new Forwarding(this.#context, request, {
      fields: () => [
        ...withoutFields(request.fields, (name) => name === 'accept' || name === 'accept-encoding'),
        'accept',
        'application/json',
      ],
      grants: (status) => status === 200,
      granted: (_status, { toConvert }) => {
        if (toConvert === undefined) {
          const withdrawn = 'The server has just changed; retry.';
          refuse(this.#context, request, new ProxyError('MVP_NO_READY_SERVER', withdrawn));
          return;
        }
        const document = this.#documentOf(toConvert[root === '/api' ? 'api' : 'apis']);
        const status = respondAggregated(request.exchange, document, false);
        recordExchange(this.#context, request, { status });
      },
    });
    asking.start(routed);
  }

  #documentOf(groups: ServerDiscovery[keyof ServerDiscovery]): PublishedDocument {
    const known = this.#documents.get(groups);
    if (known !== undefined) return known;
    const content = discoveryContent(groups);
    const identity = Buffer.from(encodeDiscovery(content, 'v2'));
    const document = {
      contentType: discoveryContentType('v2'),
      etag: `"${createHash('sha512').update(content).digest('hex').toUpperCase()}"`,
      identity,
      gzip: gzipSync(identity),
      get pretty() {
        return encodePrettyDiscovery(groups, 'v2');
      },
    };
    this.#documents.set(groups, document);
    return document;
  }
}
