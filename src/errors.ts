/** What one error code means to an HTTP client. */
interface ErrorKind {
  /** HTTP status of the answer. */
  readonly status: number;
  /** `metav1.Status` reason; '' where Kubernetes defines none for the status. */
  readonly reason: string;
  /** Default `Retry-After` in seconds. */
  readonly retryAfterSeconds?: number;
  /** One line for the reference page. */
  readonly documentation: string;
}

// client-go repeats any verb, POST included, as soon as an answer carries Retry-After. A code may therefore have
// `retryAfterSeconds` only if no server can have executed the request.
const CODES = {
  MVP_REQUEST_INFO: {
    status: 500,
    reason: 'InternalError',
    documentation:
      'The path begins with the prefix watch or proxy and names nothing after it; kube-apiserver answers 500.',
  },
  MVP_BAD_TARGET: {
    status: 400,
    reason: 'BadRequest',
    documentation: 'The request target is not a URL that kube-apiserver accepts, for example for a bad percent escape.',
  },
  MVP_NO_READY_SERVER: {
    status: 503,
    reason: 'ServiceUnavailable',
    retryAfterSeconds: 1,
    documentation: 'No API server is ready to answer requests.',
  },
  MVP_NO_CAPABLE_SERVER_READY: {
    status: 503,
    reason: 'ServiceUnavailable',
    retryAfterSeconds: 1,
    documentation: 'Servers that serve this resource are known, but none of them is ready or reachable.',
  },
  MVP_LOCAL_SERVER_NOT_READY: {
    status: 503,
    reason: 'ServiceUnavailable',
    retryAfterSeconds: 1,
    documentation:
      'The API server that this proxy belongs to (sidecar topology) is not ready, and no other one may answer the request here; nothing was executed.',
  },
  MVP_NOT_SERVED_HERE: {
    status: 503,
    reason: 'ServiceUnavailable',
    retryAfterSeconds: 1,
    documentation:
      'Another proxy sent the request here, but only servers of other nodes serve this resource. It is not sent on twice; nothing was executed. It ends within seconds, when both proxies have read the same.',
  },
  MVP_FORWARDING_LOOP: {
    status: 503,
    reason: 'ServiceUnavailable',
    retryAfterSeconds: 1,
    documentation:
      'The request came back to a proxy that had sent it on, or passed too many proxies: some list of servers names a proxy where it should name an API server. Nothing was executed.',
  },
  MVP_SERVERS_NOT_SEEN: {
    status: 503,
    reason: 'ServiceUnavailable',
    retryAfterSeconds: 1,
    documentation:
      'No server seen since the proxy started serves this resource, but a configured server has not been seen yet and may.',
  },
  MVP_TABLES_DISAGREE: {
    status: 503,
    reason: 'ServiceUnavailable',
    retryAfterSeconds: 1,
    documentation:
      'A server answered that it does not know this resource, although it or another one lists it; nothing was executed.',
  },
  MVP_TYPE_SETTLING: {
    status: 503,
    reason: 'ServiceUnavailable',
    retryAfterSeconds: 1,
    documentation: 'The resource was declared a moment ago and no server serves it yet; nothing was executed.',
  },
  MVP_UPSTREAM_UNREACHABLE: {
    status: 503,
    reason: 'ServiceUnavailable',
    retryAfterSeconds: 1,
    documentation:
      'The chosen server could not be connected to, or refused to take the request up; nothing was executed, and no other server was left to ask.',
  },
  MVP_UPSTREAM_RESET: {
    status: 503,
    reason: 'ServiceUnavailable',
    documentation:
      'The server broke off before it answered and may have executed the request: look before you repeat it. A read may be repeated, and carries Retry-After.',
  },
  MVP_SERVERS_BROKE_OFF: {
    status: 503,
    reason: 'ServiceUnavailable',
    documentation:
      'Several servers broke off one after the other while they worked on this request, which is safe to repeat later; no further one is put at risk, and their logs say why.',
  },
  MVP_UNAUTHORIZED: {
    status: 401,
    reason: 'Unauthorized',
    documentation: 'The request carries no identity that a server accepts.',
  },
  MVP_CLIENT_CERTIFICATE: {
    status: 401,
    reason: 'Unauthorized',
    documentation:
      'The client certificate does not verify against the configured client CA and there is no bearer token.',
  },
  MVP_IDENTITY_HEADER_IN_CONNECTION: {
    status: 400,
    reason: 'BadRequest',
    documentation: 'The Connection header names an identity header, which would remove it on the way to the server.',
  },
  MVP_HEADERS_TOO_LARGE: {
    status: 431,
    reason: '',
    documentation: 'The request header section exceeds the configured limit.',
  },
  MVP_BODY_BUFFER: {
    status: 429,
    reason: 'TooManyRequests',
    retryAfterSeconds: 1,
    documentation: 'The global budget for buffered request bodies is used up.',
  },
  MVP_NOT_ACCEPTABLE: {
    status: 406,
    reason: 'NotAcceptable',
    documentation: 'The Accept header allows no form in which discovery is served.',
  },
  MVP_UPSTREAM_TIMEOUT: {
    status: 504,
    reason: 'Timeout',
    documentation:
      'The server did not answer in time and may still execute the request: look before you repeat it. Only of requests that switch protocols.',
  },
  MVP_OVERLOADED: {
    status: 429,
    reason: 'TooManyRequests',
    retryAfterSeconds: 1,
    documentation: 'The proxy is at one of its limits and refuses new work.',
  },
  MVP_CONFIG: {
    status: 500,
    reason: 'InternalError',
    documentation: 'The configuration is invalid; reported at start-up and on reload, never to an HTTP client.',
  },
  MVP_INTERNAL: {
    status: 500,
    reason: 'InternalError',
    documentation: 'A defect of the proxy itself.',
  },
} as const satisfies Record<`MVP_${string}`, ErrorKind>;

/** Stable code of an error. Codes are never renamed and never change their meaning. */
export type ErrorCode = keyof typeof CODES;

/** Every code with its HTTP status, `metav1.Status` reason, default Retry-After and documentation line. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorKind>> = CODES;

/** An error with a stable code that an HTTP client can be told. The message says what happened, what it means and what to do. */
export class ProxyError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name: string = 'ProxyError';
  readonly code: Code;
  /** HTTP status of the answer. */
  readonly status: number;
  /** `metav1.Status` reason; '' if there is none. */
  readonly reason: string;
  /** Seconds for Retry-After and `details.retryAfterSeconds`; `undefined`: the client must decide itself whether to repeat. */
  readonly retryAfterSeconds: number | undefined;

  /** `options.retryAfterSeconds` overrides the default of the code, 0 removes it. */
  constructor(code: Code, message: string, options: { cause?: unknown; retryAfterSeconds?: number } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    const kind: ErrorKind = ERRORS[code];
    this.code = code;
    this.status = kind.status;
    this.reason = kind.reason;
    this.retryAfterSeconds = (options.retryAfterSeconds ?? kind.retryAfterSeconds) || undefined;
  }
}

/** Any thrown value as an error a client can be told; what is not a ProxyError is a defect and stays in our log. */
export function asProxyError(error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  return new ProxyError('MVP_INTERNAL', 'The proxy failed on this request. Its log has the cause; please report it.', {
    cause: error,
  });
}
