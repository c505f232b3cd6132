import { requestInfo } from '../../kubernetes/request-info.ts';
import { isUnknownResourceNotFound } from '../../kubernetes/unknown-resource.ts';
import { FetchError, fetchFrom } from '../../wire/fetch.ts';
import { type Fields, fieldValue } from '../../wire/fields.ts';
import type { Upstream } from '../../wire/upstream.ts';
import { openUpstream } from '../../wire/upstream-pool.ts';
import { withQuery } from './api-path.ts';
import { asClientError, ClientError, errorOfAnswer, isExpired } from './client-error.ts';
import type { ClientRecord } from './client-record.ts';
import { isListedObject, isRecord, type ListedObject, type ObjectList, type WatchEvent } from './listed-object.ts';
import { pause } from './pause.ts';
import { isUnseen, MAX_RETRIES, MAX_UNSEEN_RETRIES, type Outcome, secondsToRetry } from './retry.ts';
import { attemptWatch } from './watch-attempt.ts';
import type { LinesEnd } from './watch-lines.ts';

export interface LabClientOptions {
  /** For records. */
  readonly name: string;
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** PEM bundle that issued the server's certificate. */
  readonly ca: string;
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
  /** Bearer token. */
  readonly token?: string | undefined;
  readonly userAgent: string;
  /** Hears of every try, when it is over; of a watch, when its response head is there. */
  readonly onRecord?: ((record: ClientRecord) => void) | undefined;
  /** Milliseconds for one try; of a watch for its response head. */
  readonly timeoutMs: number;
}

export interface RequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string | undefined;
  /** Default `application/json`. */
  readonly accept?: string | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  /** '' when the server sent none. */
  readonly contentType: string;
  readonly body: Buffer;
}

/** `refused`: there was no watch at all. */
export type WatchEnd = LinesEnd | { readonly kind: 'refused'; readonly error: ClientError };

export interface WatchHandlers {
  event(event: WatchEvent): void;
  /** Once, last; not after `close`. */
  end(end: WatchEnd): void;
}

export interface WatchHandle {
  close(): void;
}

const MAX_BYTES = 256 * 1024 * 1024;
/** client-go tools/pager. */
const PAGE = 500;
/** One of the names in the servers' certificates. */
const SERVER_NAME = 'kubernetes.default.svc';

/**
 * A client of the Kubernetes API that behaves as client-go: one HTTP/2 connection, kept open and dialled again when it is
 * lost; the same retries.
 */
export class LabClient {
  readonly name: string;
  readonly #options: LabClientOptions;
  readonly #upstream: Upstream;
  readonly #closed = new AbortController();

  constructor(options: LabClientOptions) {
    this.name = options.name;
    this.#options = options;
    const { hostname, port } = new URL(options.url);
    this.#upstream = openUpstream({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port === '' ? 443 : port),
      servername: SERVER_NAME,
      ca: options.ca,
      certificate: options.certificate,
      connectTimeoutMs: 10_000,
      // client-go's HTTP2_READ_IDLE_TIMEOUT_SECONDS and HTTP2_PING_TIMEOUT_SECONDS.
      pingIntervalMs: 30_000,
      pingTimeoutMs: 15_000,
      // More than one only while watches take every stream that the server allows.
      maxConnections: 8,
      onEvent: undefined,
    });
  }

  /** Any whole answer, whatever its status. Rejects with ClientError when none came, retries included. */
  async request(method: string, target: string, options: RequestOptions = {}): Promise<ApiAnswer> {
    const body = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    const fields = this.#fields(options, body);
    const { timeoutMs } = this.#options;
    const request = { method, target, fields, body, timeoutMs, maxBytes: MAX_BYTES, signal: this.#closed.signal };
    const { head, body: received } = await this.#retrying(
      method,
      target,
      async () => {
        const { body: whole, ...rest } = await fetchFrom(this.#upstream, request);
        return { head: rest, body: whole };
      },
      undefined,
    );
    return { status: head.status, contentType: fieldValue(head.fields, 'content-type') ?? '', body: received };
  }

  /** The JSON object of a successful answer, `{}` for an empty one. Rejects with ClientError for everything else. */
  async json(method: string, target: string, options: RequestOptions = {}): Promise<Readonly<Record<string, unknown>>> {
    const { status, body } = await this.request(method, target, options);
    const text = body.toString('utf8');
    if (status < 200 || status > 299) throw errorOfAnswer(status, method, text);
    const parsed = text === '' ? {} : parseJson(text);
    if (!isRecord(parsed)) throw new ClientError(`${method} ${target} was answered with no JSON object`, { status });
    return parsed;
  }

  /** One object of the API. Rejects with ClientError. */
  async object(method: string, target: string, options: RequestOptions = {}): Promise<ListedObject> {
    const value = await this.json(method, target, options);
    if (!isListedObject(value)) throw new ClientError(`${method} ${target} was answered with no object`, {});
    return value;
  }

  /**
   * Every object of a collection, page by page as client-go's pager: when a continue token expires, all at once.
   * `parameters` may hold selectors and a resourceVersion; `limit` 0 asks for no pages. Rejects with ClientError.
   */
  async list(
    path: string,
    parameters: Readonly<Record<string, string>> = {},
    { accept, limit = PAGE }: { readonly accept?: string | undefined; readonly limit?: number } = {},
  ): Promise<ObjectList> {
    const items: ListedObject[] = [];
    let token = '';
    for (;;) {
      // A continue token stands for the resourceVersion; the API refuses both together.
      const { resourceVersion, resourceVersionMatch, ...selectors } = parameters;
      const query = token === '' ? parameters : { ...selectors, continue: token };
      let page: Readonly<Record<string, unknown>>;
      try {
        page = await this.json('GET', withQuery(path, limit === 0 ? query : { ...query, limit }), { accept });
      } catch (error) {
        if (token === '' || !isExpired(error)) throw error;
        return this.list(path, parameters, { accept, limit: 0 });
      }
      if (Array.isArray(page['items'])) items.push(...page['items'].filter(isListedObject));
      const metadata = isRecord(page['metadata']) ? page['metadata'] : {};
      token = stringOr(metadata['continue']);
      if (token === '') return { items, resourceVersion: stringOr(metadata['resourceVersion']) };
    }
  }

  /** Opens a watch; `target` says `watch=true`. */
  watch(target: string, handlers: WatchHandlers, options: { readonly accept?: string | undefined } = {}): WatchHandle {
    const controller = new AbortController();
    const { signal } = controller;
    const finish = (end: WatchEnd): void => {
      if (!signal.aborted) handlers.end(end);
    };
    const attempt = () =>
      attemptWatch(this.#upstream, {
        target,
        fields: this.#fields(options, undefined),
        timeoutMs: this.#options.timeoutMs,
        signal,
        event: (event) => handlers.event(event),
        end: finish,
      });
    this.#retrying('GET', target, attempt, signal).then(
      ({ head, body }) => {
        if (head.status === 200) return;
        finish({ kind: 'refused', error: errorOfAnswer(head.status, 'GET', body.toString('utf8')) });
      },
      (error: unknown) => finish({ kind: 'refused', error: asClientError(error) }),
    );
    return { close: () => controller.abort() };
  }

  /** Gives up what is under way: requests reject, watches end. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#upstream.close(0);
  }

  #fields({ contentType, accept }: RequestOptions, body: Buffer | undefined): Fields {
    const { userAgent, token } = this.#options;
    const fields = ['accept', accept ?? 'application/json', 'user-agent', userAgent];
    if (token !== undefined) fields.push('authorization', `Bearer ${token}`);
    if (body !== undefined) {
      fields.push('content-type', contentType ?? 'application/json', 'content-length', String(body.length));
    }
    return fields;
  }

  /** `watching` is the signal that ends a watch, and undefined for any other request. */
  async #retrying<Answer extends Exclude<Outcome, FetchError>>(
    method: string,
    target: string,
    attempt: () => Promise<Answer>,
    watching: AbortSignal | undefined,
  ): Promise<Answer> {
    const signal = watching === undefined ? this.#closed.signal : AbortSignal.any([watching, this.#closed.signal]);
    let unseen = 0;
    for (let retries = 0; ; ) {
      const startedAt = Date.now();
      const start = performance.now();
      const outcome = await attempt().catch((error: unknown) => {
        if (error instanceof FetchError) return error;
        throw error;
      });
      if (outcome instanceof FetchError && isUnseen(outcome.failure) && unseen < MAX_UNSEEN_RETRIES) {
        unseen += 1;
        continue;
      }
      const seconds = retries < MAX_RETRIES ? secondsToRetry(method, outcome, watching !== undefined) : undefined;
      const repeated = seconds !== undefined && !signal.aborted;
      // What this side gave up says nothing about servers.
      if (!signal.aborted) {
        this.#record(method, target, outcome, { startedAt, durationMs: performance.now() - start, repeated });
      }
      if (!repeated) {
        if (outcome instanceof FetchError) throw asClientError(outcome);
        return outcome;
      }
      retries += 1;
      await pause(seconds * 1000, signal);
    }
  }

  #record(
    method: string,
    target: string,
    outcome: Outcome,
    timing: Pick<ClientRecord, 'startedAt' | 'durationMs' | 'repeated'>,
  ): void {
    if (this.#options.onRecord === undefined) return;
    const known = { client: this.name, method, target, verb: requestInfo(method, target).verb, ...timing };
    if (outcome instanceof FetchError) {
      const message = `${outcome.failure.cause}: ${outcome.message}`;
      this.#options.onRecord({ ...known, status: undefined, unknownResource: false, message });
      return;
    }
    const { head, body } = outcome;
    const contentType = fieldValue(head.fields, 'content-type');
    this.#options.onRecord({
      ...known,
      status: head.status,
      unknownResource: isUnknownResourceNotFound(head.status, contentType, body),
      message: head.status < 400 ? undefined : errorOfAnswer(head.status, method, body.toString('utf8')).message,
    });
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const stringOr = (value: unknown): string => (typeof value === 'string' ? value : '');
