import {
  type PublishedDiscovery,
  type PublishedDocument,
  publishDiscovery,
} from '../../../discovery/published-discovery.ts';
import type { ServerDiscovery } from '../../../discovery/server-discovery.ts';
import {
  toAPIGroup,
  toAPIGroupList,
  toAPIResourceList,
  toAPIVersions,
} from '../../../kubernetes/aggregated-conversion.ts';
import type { APIGroupDiscovery, DiscoveryVersion } from '../../../kubernetes/aggregated-discovery.ts';
import { type DiscoveryForm, negotiateDiscovery } from '../../../kubernetes/discovery-accept.ts';
import {
  wireAPIGroup,
  wireAPIGroupList,
  wireAPIResourceList,
  wireAPIVersions,
} from '../../../kubernetes/legacy-representation.ts';
import { isPretty } from '../../../kubernetes/pretty.ts';
import { failureStatus } from '../../../kubernetes/status.ts';
import type { ServerExchange } from '../../../wire/exchange.ts';
import { fieldValue, NO_FIELDS } from '../../../wire/fields.ts';
import { answerPageNotFound, METHOD_NOT_ALLOWED, RESOURCE_NOT_FOUND } from '../dispatch/plain-answer.ts';
import { answerJson } from '../resources/answer.ts';
import { type DiscoveryPath, discoveryPath } from './discovery-path.ts';
import { offeredDiscovery } from './offered-discovery.ts';

/** What the documents are made of; a TypeCatalog has it. */
export interface DiscoverySource {
  readonly recording: { readonly version: string };
  /** Another object after every change. */
  readonly discovery: ServerDiscovery;
  /** Whether the group is one of the server itself. */
  isCompiledIn(group: string): boolean;
}

/** kube-apiserver compresses what is larger (apiserver pkg/endpoints/handlers/responsewriters). */
const GZIP_THRESHOLD = 128 * 1024;

/**
 * Answers `/api`, `/apis`, `/api/VERSION`, `/apis/GROUP` and `/apis/GROUP/VERSION` of one server, in the shapes that
 * a kube-apiserver of its version offers, as JSON.
 *
 * A server of a lab has no peers to merge with, so `profile=nopeer` changes nothing.
 */
export class DiscoveryDocuments {
  readonly #source: DiscoverySource;
  readonly #offered: readonly DiscoveryVersion[];
  #published: { readonly of: ServerDiscovery; readonly documents: Promise<PublishedDiscovery> } | undefined;

  constructor(source: DiscoverySource) {
    this.#source = source;
    this.#offered = offeredDiscovery(source.recording.version);
  }

  /**
   * Answers, as long as the path is one of discovery; group-versions that this server does not serve get its 404.
   * Authentication and authorisation are done before.
   * Resolves to false, without touching the exchange, for any other path.
   */
  async answer(exchange: ServerExchange): Promise<boolean> {
    const { target } = exchange.head;
    const question = target.indexOf('?');
    const path = discoveryPath(question === -1 ? target : target.slice(0, question));
    if (path === undefined) return false;
    await this.#answer(new DiscoveryRequest(exchange, question === -1 ? '' : target.slice(question + 1)), path);
    return true;
  }

  /** Only `/api` and the versions of compiled-in groups mind the method: such are kube-apiserver's routes. */
  async #answer(request: DiscoveryRequest, path: DiscoveryPath): Promise<void> {
    const isGet = request.exchange.head.method === 'GET';
    const { api, apis } = this.#source.discovery;
    switch (path.kind) {
      case 'root': {
        if (!isGet && path.root === '/api') return answerJson(request.exchange, 405, METHOD_NOT_ALLOWED);
        const aggregates = path.root === '/api' || path.exact;
        const form = request.negotiate(aggregates ? this.#offered : []);
        if (form.kind === 'aggregated') await this.#answerAggregated(request, path.root, form);
        else if (path.root === '/apis') request.send(form, wireAPIGroupList(toAPIGroupList(apis)));
        else request.send(form, wireAPIVersions(toAPIVersions(api, [everyClient(request.exchange)])));
        return;
      }
      case 'group': {
        const group = find(apis, path.group);
        if (group === undefined) answerPageNotFound(request.exchange);
        else request.send(request.negotiate([]), wireAPIGroup(toAPIGroup(group)));
        return;
      }
      case 'version': {
        const group = path.group === '' ? api[0] : find(apis, path.group);
        const version = group?.versions?.find((entry) => entry.version === path.version);
        if (version === undefined) this.#unknownVersion(request.exchange, path.group);
        else if (!isGet && this.#source.isCompiledIn(path.group)) answerJson(request.exchange, 405, METHOD_NOT_ALLOWED);
        else request.send(request.negotiate([]), wireAPIResourceList(toAPIResourceList(path.group, version)));
        return;
      }
    }
  }

  #unknownVersion(exchange: ServerExchange, group: string): void {
    if (this.#source.isCompiledIn(group)) answerJson(exchange, 404, RESOURCE_NOT_FOUND);
    else answerPageNotFound(exchange);
  }

  async #answerAggregated(request: DiscoveryRequest, root: '/api' | '/apis', form: AggregatedForm): Promise<void> {
    const documents = await this.#documents();
    request.sendPublished(form, documents[root][form.version]);
  }

  #documents(): Promise<PublishedDiscovery> {
    const of = this.#source.discovery;
    if (this.#published?.of !== of) {
      const previous = this.#published?.documents;
      this.#published = { of, documents: Promise.resolve(previous).then((earlier) => publishDiscovery(of, earlier)) };
    }
    return this.#published.documents;
  }
}

type AggregatedForm = Extract<DiscoveryForm, { kind: 'aggregated' }>;

/** One request for discovery and the ways to answer it. */
class DiscoveryRequest {
  readonly exchange: ServerExchange;
  readonly #query: string;

  constructor(exchange: ServerExchange, query: string) {
    this.exchange = exchange;
    this.#query = query;
  }

  negotiate(versions: readonly DiscoveryVersion[]): DiscoveryForm {
    return negotiateDiscovery(fieldValue(this.exchange.head.fields, 'accept'), ['application/json'], versions);
  }

  send(form: DiscoveryForm, document: unknown): void {
    if (form.kind === 'notAcceptable') answerJson(this.exchange, 406, NOT_ACCEPTABLE, { pretty: true });
    else answerJson(this.exchange, 200, document, { pretty: this.#isPretty(form.pretty) });
  }

  /** Fields as kube-apiserver's (apiserver pkg/endpoints/discovery/aggregated); If-None-Match counts only as a whole. */
  sendPublished(form: AggregatedForm, document: PublishedDocument): void {
    const { fields: asked, method } = this.exchange.head;
    const fields = ['etag', document.etag, 'vary', 'Accept', 'cache-control', 'public'];
    if (fieldValue(asked, 'if-none-match') === document.etag) {
      this.exchange.respond({ status: 304, fields }, true);
      return;
    }
    fields.push('content-type', document.contentType);
    const pretty = this.#isPretty(form.pretty);
    let body: Uint8Array = pretty ? document.pretty : document.identity;
    if (!pretty && body.length > GZIP_THRESHOLD && (fieldValue(asked, 'accept-encoding') ?? '').includes('gzip')) {
      body = document.gzip;
      fields.push('content-encoding', 'gzip', 'vary', 'Accept-Encoding');
    }
    fields.push('content-length', String(body.length));
    const bodyless = method === 'HEAD';
    const sink = this.exchange.respond({ status: 200, fields }, bodyless);
    if (bodyless) return;
    sink.write(body);
    sink.end(NO_FIELDS);
  }

  #isPretty(accepted: boolean): boolean {
    return isPretty(accepted, this.#query, fieldValue(this.exchange.head.fields, 'user-agent'));
  }
}

const NOT_ACCEPTABLE = failureStatus(
  406,
  'NotAcceptable',
  'only the following media types are accepted: application/json',
);

function find(groups: readonly APIGroupDiscovery[], name: string): APIGroupDiscovery | undefined {
  return groups.find((group) => group.metadata.name === name);
}

function everyClient({ head: { authority } }: ServerExchange) {
  return { clientCIDR: '0.0.0.0/0', serverAddress: authority ?? '' };
}
