import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 30_000;

export interface ApiRequestOptions {
  /** PEM. */
  readonly ca?: string;
  /** PEM client certificate and key. */
  readonly cert?: string;
  readonly key?: string;
  /** Bearer token. */
  readonly token?: string;
  /** Default: GET. */
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Default: 30 s for the whole exchange. */
  readonly timeoutMs?: number;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * One HTTP/1.1 exchange on a connection of its own: a pooled one might belong to a server that has been restarted
 * since. Rejects with Node's own error when there is no answer.
 */
export async function apiRequest(url: string | URL, options: ApiRequestOptions = {}): Promise<ApiResponse> {
  const { ca, cert, key, token, method = 'GET', body, timeoutMs = TIMEOUT_MS } = options;
  const request = new URL(url).protocol === 'http:' ? httpRequest : httpsRequest;
  const headers: OutgoingHttpHeaders = { accept: 'application/json', ...options.headers };
  if (token !== undefined) headers.authorization ??= `Bearer ${token}`;
  const payload =
    body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  if (payload !== undefined) headers['content-type'] ??= 'application/json';
  const { promise, resolve, reject } = Promise.withResolvers<ApiResponse>();
  const signal = AbortSignal.timeout(timeoutMs);
  request(url, { method, headers, agent: false, signal, ca, cert, key })
    .on('error', reject)
    .on('response', (response) => {
      text(response).then(
        (answer) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer }),
        reject,
      );
    })
    .end(payload);
  return promise;
}
