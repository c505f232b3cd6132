import type { IncomingMessage } from 'node:http';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { Agent, request as requestH1 } from 'node:https';
import type { ClientOptions } from './http-client.ts';

export interface LoadRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly target: string;
  /** Sent as JSON. */
  readonly body?: object;
}

/** What came of one request. Nothing is thrown: a load wants to know how each of its requests ended. */
export type Exchanged =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter: string | undefined; readonly text: string }
  /** The head came, the body did not end. */
  | { readonly kind: 'cut'; readonly status: number; readonly reason: string }
  /** No head came. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** The client's patience ended. */
  | { readonly kind: 'late' };

/** Takes any number of requests at a time. */
export interface LoadConnection {
  exchange(request: LoadRequest): Promise<Exchanged>;
  close(): void;
}

export interface LoadConnectionOptions extends ClientOptions {
  /** Milliseconds after which a request is given up. */
  readonly patienceMs: number;
}

/**
 * One HTTP/2 connection, dialled again when it is lost; or as many kept HTTP/1.1 connections as there are requests
 * open. Nothing is retried.
 */
export function loadConnection(options: LoadConnectionOptions): LoadConnection {
  return options.protocol === 'h2' ? new H2Connection(options) : new H1Connections(options);
}

class H2Connection implements LoadConnection {
  readonly #options: LoadConnectionOptions;
  #session: ClientHttp2Session | undefined;

  constructor(options: LoadConnectionOptions) {
    this.#options = options;
  }

  exchange(request: LoadRequest): Promise<Exchanged> {
    const payload = payloadOf(request);
    const head: OutgoingHttpHeaders = { ':method': request.method, ':path': request.target, ...fieldsOf(request) };
    if (this.#options.token !== undefined) head['authorization'] = `Bearer ${this.#options.token}`;
    let stream: ClientHttp2Stream;
    try {
      stream = this.#connected().request(head, { endStream: payload === undefined });
    } catch (error) {
      return Promise.resolve({ kind: 'lost', reason: String(error) });
    }
    if (payload !== undefined) stream.end(payload);
    const { promise, resolve } = Promise.withResolvers<Exchanged>();
    let answer: { readonly status: number; readonly retryAfter: string | undefined } | undefined;
    let reason = 'the stream was closed';
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      resolve({ kind: 'late' });
      stream.close();
    }, this.#options.patienceMs);
    stream.on('response', ({ ':status': status = 0, 'retry-after': retryAfter }) => {
      answer = { status, retryAfter };
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      // Also called for a stream that was reset without an error code.
      if (answer !== undefined && stream.rstCode === 0) {
        resolve({ kind: 'answer', ...answer, text: Buffer.concat(chunks).toString() });
      }
    });
    stream.on('error', (error) => {
      reason = error.message;
    });
    stream.on('close', () => {
      clearTimeout(timer);
      if (answer === undefined) resolve({ kind: 'lost', reason });
      else resolve({ kind: 'cut', status: answer.status, reason });
    });
    return promise;
  }

  close(): void {
    this.#session?.destroy();
  }

  #connected(): ClientHttp2Session {
    const current = this.#session;
    if (current !== undefined && !current.closed && !current.destroyed) return current;
    const { url, ca, certificate } = this.#options;
    const session = connect(url, { ca, ...certificate, settings: { enablePush: false } });
    session.on('error', () => {});
    session.on('goaway', () => {
      if (this.#session === session) this.#session = undefined;
      session.close();
    });
    this.#session = session;
    return session;
  }
}

class H1Connections implements LoadConnection {
  readonly #options: LoadConnectionOptions;
  readonly #agent: Agent;

  constructor(options: LoadConnectionOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, ca: options.ca, ...options.certificate });
  }

  exchange(request: LoadRequest): Promise<Exchanged> {
    const { url, token, patienceMs } = this.#options;
    const payload = payloadOf(request);
    const headers: OutgoingHttpHeaders = { ...fieldsOf(request) };
    if (payload !== undefined) headers['content-length'] = payload.length;
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    const { promise, resolve } = Promise.withResolvers<Exchanged>();
    const outgoing = requestH1(new URL(request.target, url), { agent: this.#agent, method: request.method, headers });
    const timer = setTimeout(() => {
      resolve({ kind: 'late' });
      outgoing.destroy();
    }, patienceMs);
    const settle = (exchanged: Exchanged): void => {
      clearTimeout(timer);
      resolve(exchanged);
    };
    outgoing.on('response', (response: IncomingMessage) => {
      const { statusCode: status = 0 } = response;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => settle({ kind: 'cut', status, reason: error.message }));
      response.on('end', () => {
        const retryAfter = response.headers['retry-after'];
        settle({ kind: 'answer', status, retryAfter, text: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on('error', (error) => settle({ kind: 'lost', reason: error.message }));
    outgoing.end(payload);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

function payloadOf({ body }: LoadRequest): Buffer | undefined {
  return body === undefined ? undefined : Buffer.from(JSON.stringify(body));
}

function fieldsOf({ method, body }: LoadRequest): OutgoingHttpHeaders {
  const accept = { accept: 'application/json' };
  if (body === undefined) return accept;
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return { ...accept, 'content-type': type };
}
