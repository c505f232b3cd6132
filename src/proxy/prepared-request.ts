import type { Credential } from '../identity/credential.ts';
import type { RequestInfo } from '../kubernetes/request-info.ts';
import type { ServerExchange } from '../wire/exchange.ts';
import type { ClientState } from './client-state.ts';

/** An exchange after the first steps: cleaned, identified, classified. */
export interface PreparedRequest {
  readonly exchange: ServerExchange;
  readonly info: RequestInfo;
  /** Cleaned header fields. */
  readonly fields: readonly string[];
  readonly credential: Credential;
  readonly client: ClientState;
  readonly alreadyProxied: boolean;
  /** The client asks for one server's own OpenAPI document. */
  readonly ownOpenAPI?: boolean | undefined;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}
