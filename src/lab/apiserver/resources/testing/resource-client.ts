import { requestInfo } from '../../../../kubernetes/request-info.ts';
import { collect } from '../../../../wire/relay.ts';
import { MemoryStore } from '../../../store/memory-store.ts';
import { ApiError } from '../../api-error.ts';
import type { ApiHandler, ApiRequest } from '../../api-request.ts';
import { answerJson } from '../answer.ts';
import { createResourceHandler, type ResourceOptions } from '../resource-handler.ts';
import { CalledExchange } from './called-exchange.ts';
import { SAMPLE_TYPES } from './sample-types.ts';

/** An object of an answer, whatever it holds. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
type Json = any;

export interface Answered {
  readonly status: number;
  readonly value: Json;
  readonly warnings: readonly string[];
}

/** 2026-01-02T03:04:05Z */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

/** The resources of one server with a store of its own, called without a network. */
export class ResourceClient {
  readonly store: MemoryStore;
  now = START;
  /** Whether the answers opened from now on find slow readers. */
  slow = false;
  readonly #handler: ApiHandler;

  constructor(options: Partial<ResourceOptions> = {}) {
    this.store = new MemoryStore();
    this.#handler = createResourceHandler({
      store: this.store,
      types: SAMPLE_TYPES,
      clock: () => this.now,
      ...options,
    });
  }

  /** Sends a request; `body` may be text or anything that becomes JSON. */
  open(
    method: string,
    target: string,
    body?: unknown,
    contentType = 'application/json',
    accept = 'application/json',
  ): CalledExchange {
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const exchange = new CalledExchange(method, target, text, [
      'content-type',
      contentType,
      'user-agent',
      'tester/v1 (x)',
      'accept',
      accept,
    ]);
    exchange.slow = this.slow;
    void this.#serve(exchange);
    return exchange;
  }

  /** Sends a request and awaits the whole answer. */
  async call(method: string, target: string, body?: unknown, contentType?: string, accept?: string): Promise<Answered> {
    const exchange = this.open(method, target, body, contentType, accept);
    await exchange.until(() => exchange.isOver);
    const { status = 0 } = exchange.answer ?? {};
    const value = exchange.text === '' ? undefined : JSON.parse(exchange.text);
    return { status, value, warnings: exchange.warnings };
  }

  async #serve(exchange: CalledExchange): Promise<void> {
    try {
      await this.#handler(apiRequest(exchange));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      answerJson(exchange, error.status.code, error.status);
    }
  }
}

function apiRequest(exchange: CalledExchange): ApiRequest {
  const { method, target } = exchange.head;
  const info = requestInfo(method, target);
  const type = SAMPLE_TYPES.find({ group: info.apiGroup, version: info.apiVersion, resource: info.resource });
  if (type === undefined) throw new TypeError(`No sample type is behind ${target}.`);
  let body: Promise<Buffer> | undefined;
  return {
    exchange,
    info,
    query: new URLSearchParams(target.split('?')[1] ?? ''),
    user: { name: 'tester', uid: '', groups: [], extra: [] },
    type,
    body: () => {
      body ??= collect(exchange.body, 3 << 20).then((collected) =>
        collected.kind === 'whole' ? collected.body : Buffer.alloc(0),
      );
      return body;
    },
    warn: (text) => exchange.warnings.push(text),
  };
}

/** The events that a watch has answered so far. */
export function eventsOf(exchange: CalledExchange): Json[] {
  return exchange.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** A client whose store holds the namespace `ns`. */
export async function clientWithNamespace(options: Partial<ResourceOptions> = {}): Promise<ResourceClient> {
  const client = new ResourceClient(options);
  await client.call('POST', '/api/v1/namespaces', { metadata: { name: 'ns' } });
  return client;
}
