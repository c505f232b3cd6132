import { withoutFields } from '../wire/fields.ts';
import { Authorisations, callerKey } from './authorisations.ts';
import { Forwarding } from './forwarding.ts';
import { permissionRoute } from './permission-route.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { Backend } from './proxy-snapshot.ts';

/** Request fields that decide about the answer's form; a server that is only asked for permission gets others. */
const REPRESENTATION = new Set([
  'accept',
  'accept-encoding',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'range',
]);

/** What a server is asked, and by which status it lets the caller read. */
export interface PermissionQuestion {
  /** The fields that stand for the client's own that decide about the answer's form. */
  fields(backend: Backend): readonly string[];
  grants(status: number): boolean;
  /** The caller may read: `status` is a server's answer, unless that was given moments ago. */
  granted(answer: { readonly status: number; readonly backend: Backend } | undefined): void;
}

/**
 * Whether a caller may read metadata that is answered from the merged view. A request for the same path with the caller's own
 * credentials asks one server, and a yes is remembered for seconds. A refusal is the server's, and it becomes the client's.
 */
export class Permissions {
  readonly #context: ProxyContext;
  readonly #authorisations = new Authorisations();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  ask(request: PreparedRequest, question: PermissionQuestion): void {
    const { control, clock } = this.#context;
    const caller = callerKey(request.info.path, request);
    if (this.#authorisations.has(caller, clock())) {
      question.granted(undefined);
      return;
    }
    const asking = new Forwarding(this.#context, request, {
      fields: (backend) => [
        ...withoutFields(request.fields, (name) => REPRESENTATION.has(name)),
        ...question.fields(backend),
      ],
      grants: (status) => question.grants(status),
      granted: (status, backend) => {
        this.#authorisations.remember(caller, clock());
        question.granted({ status, backend });
      },
    });
    asking.start(permissionRoute(control, request, clock()));
  }
}
