import type { Credential } from '../identity/credential.ts';
import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { RequestTrace } from '../observe/tracing/request-tracer.ts';
import type { RoutingPolicy } from '../routing/routing-policy.ts';
import type { ServerExchange } from '../wire/exchange.ts';
import type { ClientState } from './client-state.ts';
import type { Explanation } from './explanation.ts';

/** An exchange after the first steps: cleaned, identified, classified. */
export interface PreparedRequest {
  readonly exchange: ServerExchange;
  readonly info: RequestInfo;
  /** Cleaned header fields. */
  readonly fields: readonly string[];
  readonly credential: Credential;
  readonly client: ClientState;
  readonly alreadyProxied: boolean;
  /** It says that it has passed another proxy. */
  readonly forwarded?: boolean | undefined;
  /** N of a sender of v1.N that prefers servers which are not older. */
  readonly minor?: number | undefined;
  readonly policy?: RoutingPolicy | undefined;
  /** The client asks for one server's own OpenAPI document. */
  readonly ownOpenAPI?: boolean | undefined;
  /** Where it belongs, while tracing is on. */
  readonly trace?: RequestTrace | undefined;
  /** The client wants to know who answered and why, and may. */
  readonly explanation?: Explanation | undefined;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}
