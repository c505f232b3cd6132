import { ProxyError } from '../errors.ts';
import { queryValues } from '../kubernetes/query-values.ts';
import { openAPIAddress } from '../openapi/openapi-index.ts';
import { type OpenAPIForm, openAPIForm } from './openapi-form.ts';
import { keptForever, NOT_KEPT, respondMoved, respondOpenAPI } from './openapi-response.ts';
import { Permissions } from './permissions.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { recordExchange } from './record-of.ts';
import { refuse } from './refusal.ts';

/** One byte proves as much as four megabytes. */
const LEAST = ['accept', 'application/json', 'range', 'bytes=0-0'];

/** 301 comes of a hash that this server does not know, 404 of a document it does not have: it has let the caller read. */
const GRANTING = new Set([200, 206, 301, 304, 404]);

const VARY = ['vary', 'Accept-Encoding', 'vary', 'Accept'];

/** Answers OpenAPI from the merged view, for callers whom a server would answer too. */
export class OpenAPIAnswers {
  readonly #context: ProxyContext;
  readonly #permissions: Permissions;

  constructor(context: ProxyContext) {
    this.#context = context;
    this.#permissions = new Permissions(context);
  }

  /** As `openAPIForm` has it, of this moment. */
  formOf(request: PreparedRequest): OpenAPIForm | 'own' | undefined {
    return openAPIForm(request, this.#context.control.snapshot.publishedOpenAPI);
  }

  /** `instead` is called when the merged view has no answer after all: a server's is better than none. */
  answer(request: PreparedRequest, form: OpenAPIForm, instead: () => void): void {
    if (this.#permissions.remembers(request)) {
      void this.#send(request, form, instead);
      return;
    }
    this.#permissions.ask(request, {
      fields: () => LEAST,
      grants: (status) => GRANTING.has(status),
      granted: () => void this.#send(request, form, instead),
    });
  }

  async #send(request: PreparedRequest, form: OpenAPIForm, instead: () => void): Promise<void> {
    try {
      const status = await this.#respond(request, form);
      if (status !== undefined) recordExchange(this.#context, request, { status });
      else if (request.exchange.bodyless) instead();
      // Asking for permission has consumed the body, so that nothing can be sent to a server any more.
      else throw new ProxyError('MVP_NO_READY_SERVER', 'OpenAPI cannot be put together at the moment; retry.');
    } catch (error) {
      refuse(this.#context, request, error);
    }
  }

  /** Returns the status; undefined, without having answered, when there is no document to answer with. */
  async #respond({ exchange }: PreparedRequest, form: OpenAPIForm): Promise<number | undefined> {
    const published = this.#context.control.snapshot.publishedOpenAPI;
    if (published === undefined) return undefined;
    if (form.kind === 'index') {
      return respondOpenAPI(exchange, published.index, [...NOT_KEPT, 'vary', 'Accept-Encoding']);
    }
    if (form.kind === 'v2') {
      const document = await published.readV2(form.encoding);
      return document && respondOpenAPI(exchange, document, [...NOT_KEPT, ...VARY]);
    }
    const merged = published.merged.get(form.path);
    if (merged === undefined) return undefined;
    const asked = askedHash(exchange.head.target);
    if (asked !== '' && asked !== merged.hash) {
      const location = openAPIAddress(form.path, merged.hash);
      return respondMoved(exchange, location, merged.hash, [...NOT_KEPT, 'vary', 'Accept']);
    }
    const document = await merged.read(form.encoding);
    if (document === undefined) {
      // Servers need not have protobuf; one of them says so itself.
      if (form.encoding === 'protobuf') return undefined;
      throw unreadable(form.path);
    }
    // A document that is not the one in the index, because a server changed or cannot be read, must not be kept for ever.
    const isExact = asked !== '' && document.etag === `"${merged.hash}"`;
    const kept = isExact ? keptForever(this.#context.clock()) : NOT_KEPT;
    return respondOpenAPI(exchange, document, [...kept, ...VARY]);
  }
}

function askedHash(target: string): string {
  const question = target.indexOf('?');
  return question < 0 ? '' : (queryValues(target.slice(question + 1)).get('hash') ?? '');
}

function unreadable(path: string): ProxyError {
  return new ProxyError(
    'MVP_NO_CAPABLE_SERVER_READY',
    `The OpenAPI document ${path} is put together from several servers, of which none can be read at the moment. It exists; retry until one is back.`,
  );
}
