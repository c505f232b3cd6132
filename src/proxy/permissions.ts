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
  /** The caller may read: a server has answered with `status`. */
  granted(status: number, backend: Backend): void;
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

  /** Whether a server has said yes moments ago. */
  remembers(request: PreparedRequest): boolean {
    return this.#authorisations.has(callerKey(request.info.path, request), this.#context.clock());
  }

  ask(request: PreparedRequest, question: PermissionQuestion): void {
    const { control, clock } = this.#context;
    const caller = callerKey(request.info.path, request);
    const asking = new Forwarding(this.#context, request, {
      fields: (backend) => [
        ...withoutFields(request.fields, (name) => REPRESENTATION.has(name)),
        ...question.fields(backend),
      ],
      grants: (status) => question.grants(status),
      granted: (status, backend) => {
        this.#authorisations.remember(caller, clock());
        question.granted(status, backend);
      },
    });
    asking.start(permissionRoute(control, request, clock()));
  }
}
