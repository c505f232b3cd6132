import { ProxyError } from '../errors.ts';
import { respondAggregated, respondUnaggregated } from './document-response.ts';
import { type MergedForm, mergedForm, relayedForm } from './merged-form.ts';
import { Permissions } from './permissions.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { DiscoveryCondition } from './proxy-snapshot.ts';
import { recordExchange } from './record-of.ts';
import { refuse } from './refusal.ts';

/**
 * Answers discovery from the merged view, for callers whom a server would answer too. Of the roots that is asked by a
 * conditional GET, at the price of an empty 304, which also tells whether the merged view is of today.
 */
export class DiscoveryAnswers {
  readonly #context: ProxyContext;
  readonly #permissions: Permissions;

  constructor(context: ProxyContext) {
    this.#context = context;
    this.#permissions = new Permissions(context);
  }

  /** The form in which the merged view answers; `undefined`: a server answers, by itself. */
  formOf(request: PreparedRequest): MergedForm | undefined {
    const { control, observer } = this.#context;
    const { published } = control.snapshot;
    if (published === undefined || request.info.isResourceRequest) return undefined;
    const form = mergedForm(request, published);
    if (form !== undefined) return form;
    const relayed = relayedForm(request, published);
    if (relayed !== undefined) observer.relayedDiscovery(relayed.form, relayed.isRoot);
    return undefined;
  }

  answer(request: PreparedRequest, form: MergedForm): void {
    if (this.#permissions.remembers(request)) {
      this.#send(request, form);
      return;
    }
    const { path } = request.info;
    // Every server has the roots; elsewhere 404 comes of one that lets the caller read and has nothing to show.
    const root = path === '/api' || path === '/apis' ? path : undefined;
    this.#permissions.ask(request, {
      fields: ({ conditions }) => questionFields(root && conditions[root]),
      grants: (status) => status === 304 || status === 200 || (status === 404 && root === undefined),
      granted: (status, { conditions }) => {
        // 200 to a condition we hold: the server's document has changed since we read it.
        const changed = status === 200 && root !== undefined && conditions[root] !== undefined;
        if (changed) void this.#context.control.refresh('condition-changed').then(() => this.#send(request, form));
        else this.#send(request, form);
      },
    });
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
    recordExchange(this.#context, request, { status });
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

function questionFields(condition: DiscoveryCondition | undefined): readonly string[] {
  if (condition === undefined) return ['accept', 'application/json'];
  return ['accept', condition.accept, 'if-none-match', condition.etag];
}
