import { ProxyError } from '../errors.ts';
import { withoutFields } from '../wire/fields.ts';
import { Authorisations, callerKey } from './authorisations.ts';
import { respondAggregated, respondUnaggregated } from './document-response.ts';
import { Forwarding } from './forwarding.ts';
import { type MergedForm, mergedForm } from './merged-form.ts';
import { permissionRoute } from './permission-route.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { DiscoveryCondition } from './proxy-snapshot.ts';
import { recordOf } from './record-of.ts';
import { refuse } from './refusal.ts';
import { NOBODY } from './route.ts';

/** Request fields that decide about the answer's form; a server that is only asked for permission gets others. */
const REPRESENTATION = new Set(['accept', 'accept-encoding', 'if-none-match', 'if-modified-since', 'range']);

/**
 * Answers discovery from the merged view, for callers whom a server would answer too: a GET of the same path with the
 * caller's own credentials asks one server, and a yes is remembered for seconds. Of the roots it is a conditional GET, at
 * the price of an empty 304, which also tells whether the merged view is of today.
 */
export class DiscoveryAnswers {
  readonly #context: ProxyContext;
  readonly #authorisations = new Authorisations();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** The form in which the merged view answers; `undefined`: a server answers, by itself. */
  formOf(request: PreparedRequest): MergedForm | undefined {
    const { published } = this.#context.control.snapshot;
    return published === undefined ? undefined : mergedForm(request, published);
  }

  answer(request: PreparedRequest, form: MergedForm): void {
    const { path } = request.info;
    const { control } = this.#context;
    const caller = callerKey(path, request);
    if (this.#authorisations.has(caller, this.#context.clock())) {
      this.#send(request, form);
      return;
    }
    // Every server has the roots; elsewhere 404 comes of one that lets the caller read and has nothing to show.
    const root = path === '/api' || path === '/apis' ? path : undefined;
    const asking = new Forwarding(this.#context, request, {
      fields: ({ conditions }) => permissionFields(request.fields, root && conditions[root]),
      grants: (status) => status === 304 || status === 200 || (status === 404 && root === undefined),
      granted: (status, { conditions }) => {
        this.#authorisations.remember(caller, this.#context.clock());
        // 200 to a condition we hold: the server's document has changed since we read it.
        const changed = status === 200 && root !== undefined && conditions[root] !== undefined;
        if (changed) void control.refresh('condition-changed').then(() => this.#send(request, form));
        else this.#send(request, form);
      },
    });
    asking.start(permissionRoute(control, request, NOBODY, this.#context.clock()));
  }

  #send(request: PreparedRequest, form: MergedForm): void {
    const status = this.#respond(request, form);
    if (status === undefined) {
      refuse(
        this.#context,
        request,
        new ProxyError('MVP_NO_READY_SERVER', 'The merged view has just been withdrawn; retry.'),
      );
      return;
    }
    this.#context.observer.answered(recordOf(request, { status }, this.#context.clock()));
  }

  /** Returns the status; undefined, without having answered, when the document has left the merged view since. */
  #respond({ exchange }: PreparedRequest, form: MergedForm): number | undefined {
    const { published } = this.#context.control.snapshot;
    if (published === undefined) return undefined;
    if (form.kind === 'aggregated') return respondAggregated(exchange, published[form.root][form.version], form.pretty);
    const document =
      form.path === '/api'
        ? published.apiVersions(exchange.head.authority)
        : published[form.root].unaggregated.get(form.path);
    return document && respondUnaggregated(exchange, document, form.pretty);
  }
}

function permissionFields(fields: readonly string[], condition: DiscoveryCondition | undefined): string[] {
  const kept = withoutFields(fields, (name) => REPRESENTATION.has(name));
  if (condition === undefined) kept.push('accept', 'application/json');
  else kept.push('accept', condition.accept, 'if-none-match', condition.etag);
  return kept;
}
