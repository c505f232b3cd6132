import { fetchFrom } from '../../wire/fetch.ts';
import { openUpstream } from '../../wire/upstream-pool.ts';

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Who asks, and of whom an answer is taken. */
export interface Requester {
  /** PEM. */
  readonly ca: string;
  /** PEM client certificate and key. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  readonly token?: string;
}

export interface OnceRequest extends Requester {
  /** Default: GET. */
  readonly method?: string;
  /** Default: JSON. */
  readonly accept?: string;
  /** Sent as JSON. */
  readonly body?: object;
  /** Default: 30 s for the whole exchange. */
  readonly timeoutMs?: number;
}

export interface OnceAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * One exchange with a server at an `https:` URL on a connection of its own: a kept one might belong to a process that
 * has been restarted since.
 *
 * @throws {FetchError} when there is no complete answer.
 */
export async function requestOnce(url: string, request: OnceRequest): Promise<OnceAnswer> {
  const { ca, certificate, token, method = 'GET', accept = 'application/json', timeoutMs = TIMEOUT_MS } = request;
  const { hostname, port, pathname, search } = new URL(url);
  const upstream = openUpstream({
    host: hostname,
    port: Number(port),
    servername: 'kubernetes.default.svc',
    ca,
    certificate,
    connectTimeoutMs: timeoutMs,
    pingIntervalMs: timeoutMs,
    pingTimeoutMs: timeoutMs,
    maxConnections: 1,
    onEvent: undefined,
  });
  const payload = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  const fields = [
    'accept',
    accept,
    ...(token === undefined ? [] : ['authorization', `Bearer ${token}`]),
    ...(payload === undefined ? [] : ['content-type', 'application/json', 'content-length', String(payload.length)]),
  ];
  try {
    const answer = await fetchFrom(upstream, {
      method,
      target: `${pathname}${search}`,
      fields,
      body: payload,
      timeoutMs,
      maxBytes: MAX_BYTES,
    });
    return { status: answer.status, body: answer.body.toString() };
  } finally {
    // The upstream may be hung: nobody waits for its last words.
    void upstream.close(0);
  }
}
