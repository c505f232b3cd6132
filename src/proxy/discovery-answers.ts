import type { PublishedDocument } from '../discovery/published-discovery.ts';
import { ProxyError } from '../errors.ts';
import { type DiscoveryForm, negotiateDiscovery } from '../kubernetes/discovery-accept.ts';
import { isPretty } from '../kubernetes/pretty.ts';
import { fieldValue, withoutFields } from '../wire/fields.ts';
import { Authorisations, callerKey } from './authorisations.ts';
import { acceptsGzip, matchesEtag } from './conditional.ts';
import { Forwarding } from './forwarding.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { Backend, DiscoveryRoot } from './proxy-snapshot.ts';
import { recordOf } from './record-of.ts';
import { refuse } from './refusal.ts';
import { route } from './route.ts';

export type MergedForm = Extract<DiscoveryForm, { kind: 'aggregated' }>;

/** Request fields that decide about the answer's form; a server that is only asked for permission gets others. */
const REPRESENTATION = new Set(['accept', 'accept-encoding', 'if-none-match', 'if-modified-since', 'range']);

/**
 * Answers aggregated discovery from the merged view, for callers whom a server would answer too: a conditional GET with
 * the caller's own credentials asks one server, at the price of an empty 304, and a yes is remembered for seconds.
 */
export class DiscoveryAnswers {
  readonly #context: ProxyContext;
  readonly #authorisations = new Authorisations();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** The form in which the merged view answers; `undefined`: a server answers, by itself. */
  formOf({ exchange, info, alreadyProxied }: PreparedRequest): MergedForm | undefined {
    if (exchange.head.method !== 'GET' || rootOf(info.path) === undefined || alreadyProxied) return undefined;
    if (this.#context.control.snapshot.published === undefined) return undefined;
    const form = negotiateDiscovery(fieldValue(exchange.head.fields, 'accept'), ['application/json']);
    return form.kind === 'aggregated' && !form.nopeer ? form : undefined;
  }

  answer(request: PreparedRequest, form: MergedForm): void {
    const root = rootOf(request.info.path);
    if (root === undefined) throw new RangeError('only /api and /apis are answered from the merged view');
    const caller = callerKey(root, request);
    if (this.#authorisations.has(caller, this.#context.clock())) {
      this.#send(request, root, form);
      return;
    }
    const asking = new Forwarding(this.#context, request, {
      fields: (backend) => conditionalFields(request.fields, backend, root),
      grants: (status) => status === 304 || status === 200,
      granted: (status, backend) => {
        this.#authorisations.remember(caller, this.#context.clock());
        // 200 to a condition we hold: the server's document has changed since we read it.
        const changed = status === 200 && backend.conditions[root] !== undefined;
        if (changed) void this.#context.control.refresh().then(() => this.#send(request, root, form));
        else this.#send(request, root, form);
      },
    });
    asking.start(route(this.#context.control, { ...request, tried: new Set() }, this.#context.clock()));
  }

  #send(request: PreparedRequest, root: DiscoveryRoot, form: MergedForm): void {
    const published = this.#context.control.snapshot.published;
    if (published === undefined) {
      refuse(
        this.#context,
        request,
        new ProxyError('MVP_NO_READY_SERVER', 'The merged view has just been withdrawn; retry.'),
      );
      return;
    }
    const document = published[root][form.version];
    const status = writeDocument(request, document, form);
    this.#context.observer.answered(recordOf(request, { status }, this.#context.clock()));
  }
}

function rootOf(path: string): DiscoveryRoot | undefined {
  return path === '/api' || path === '/apis' ? path : undefined;
}

function conditionalFields(fields: readonly string[], backend: Backend, root: DiscoveryRoot): string[] {
  const kept = withoutFields(fields, (name) => REPRESENTATION.has(name));
  const condition = backend.conditions[root];
  if (condition === undefined) kept.push('accept', 'application/json');
  else kept.push('accept', condition.accept, 'if-none-match', condition.etag);
  return kept;
}

/** Sends the document in the form asked for; returns the status. Headers are kube-apiserver's (upstream RS-1 to RS-5). */
function writeDocument({ exchange }: PreparedRequest, document: PublishedDocument, form: MergedForm): number {
  const { fields, target } = exchange.head;
  const headers = ['etag', document.etag, 'vary', 'Accept', 'cache-control', 'public'];
  const ifNoneMatch = fieldValue(fields, 'if-none-match');
  if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, document.etag)) {
    exchange.respond({ status: 304, fields: headers }, true);
    return 304;
  }
  headers.push('content-type', document.contentType);
  const query = target.slice(target.indexOf('?') + 1 || target.length);
  let body: Uint8Array = document.identity;
  if (isPretty(form.pretty, query, fieldValue(fields, 'user-agent'))) body = document.pretty;
  else if (acceptsGzip(fieldValue(fields, 'accept-encoding'))) {
    body = document.gzip;
    headers.push('content-encoding', 'gzip', 'vary', 'Accept-Encoding');
  }
  headers.push('content-length', String(body.length));
  const sink = exchange.respond({ status: 200, fields: headers }, false);
  sink.write(body);
  sink.end([]);
  return 200;
}
