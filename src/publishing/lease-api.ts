import { type FetchedResponse, fetchFrom } from '../wire/fetch.ts';
import type { Fields } from '../wire/fields.ts';
import type { Upstream } from '../wire/upstream.ts';

/** The Leases of API servers (KEP-1965). Everything rejects when it was not done. */
export interface Leases {
  /** The Lease; undefined when there is none. */
  get(name: string): Promise<unknown>;
  /** False: it exists. */
  create(lease: object): Promise<boolean>;
  /** A merge patch. False: it does not exist. */
  patch(name: string, change: object): Promise<boolean>;
  /** With `resourceVersion`: unless it was changed since; then it stays, which is no failure. */
  remove(name: string, resourceVersion?: string): Promise<void>;
}

/** Leases through one server. */
export class LeaseApi implements Leases {
  readonly #upstream: Upstream;
  readonly #fields: Fields;

  /** `fields` say who asks. */
  constructor(upstream: Upstream, fields: Fields) {
    this.#upstream = upstream;
    this.#fields = fields;
  }

  async get(name: string): Promise<unknown> {
    const answer = await this.#ask('GET', `/${name}`, [404]);
    return answer.status === 404 ? undefined : JSON.parse(answer.body.toString('utf8'));
  }

  async create(lease: object): Promise<boolean> {
    return (await this.#ask('POST', '', [409], lease, 'application/json')).status !== 409;
  }

  async patch(name: string, change: object): Promise<boolean> {
    return (await this.#ask('PATCH', `/${name}`, [404], change, 'application/merge-patch+json')).status !== 404;
  }

  async remove(name: string, resourceVersion?: string): Promise<void> {
    if (resourceVersion === undefined) {
      await this.#ask('DELETE', `/${name}`, [404]);
      return;
    }
    const options = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { resourceVersion } };
    await this.#ask('DELETE', `/${name}`, [404, 409], options, 'application/json');
  }

  /** `expected`: statuses that are an answer as good as success. */
  async #ask(
    method: string,
    path: string,
    expected: readonly number[],
    content?: object,
    type = '',
  ): Promise<FetchedResponse> {
    const target = `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases${path}`;
    const body = content === undefined ? undefined : Buffer.from(JSON.stringify(content));
    const fields = [...this.#fields, 'accept', 'application/json'];
    if (body !== undefined) fields.push('content-type', type, 'content-length', String(body.length));
    const answer = await fetchFrom(this.#upstream, {
      method,
      target,
      fields,
      body,
      timeoutMs: 5_000,
      maxBytes: 65_536,
    });
    if (answer.status < 300 || expected.includes(answer.status)) return answer;
    const denied = answer.status === 401 || answer.status === 403;
    const remedy = denied ? '; apply deploy/publishing-rbac.yaml' : '';
    throw new Error(`${method} of a Lease in kube-system was answered ${answer.status}${remedy}`);
  }
}
