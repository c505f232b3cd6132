import type { User } from '../../identity/user.ts';
import type { RequestInfo } from '../../kubernetes/request-info.ts';
import type { ServerExchange } from '../../wire/exchange.ts';
import type { ServedType } from './served-type.ts';

/** A request for a resource that this server serves, of a user who may make it. */
export interface ApiRequest {
  readonly exchange: ServerExchange;
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
  readonly user: User;
  readonly type: ServedType;
  /** The whole request body, at most 3 MiB; rejects with ApiError 413 beyond. */
  body(): Promise<Buffer>;
  /** Adds a Warning field (code 299, RFC 7234 section 5.5) to the answer, whatever that will be. */
  warn(text: string): void;
}

/** Answers one kind of request; rejections that are ApiErrors become Status answers, others 500. */
export type ApiHandler = (request: ApiRequest) => Promise<void>;
