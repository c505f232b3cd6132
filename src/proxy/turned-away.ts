import type { RequestInfo } from '../kubernetes/request-info.ts';
import { relaysForeignResponse } from '../kubernetes/unknown-resource.ts';
import { isRead, isServersOwn } from '../routing/retry.ts';
import type { ResponseHead } from '../wire/exchange.ts';
import { fieldValue } from '../wire/fields.ts';

type Asked = Pick<RequestInfo, 'verb' | 'subresource' | 'apiGroup' | 'isResourceRequest'>;

/**
 * Whether a server turned the request away without acting on it: kube-apiserver answers 503 with Retry-After while it shuts
 * down and before all its paths are installed (apiserver pkg/server/filters/waitgroup.go, pkg/util/notfoundhandler), and
 * client-go repeats every verb on it. A kubelet, a workload or an extension server may use the same words after it acted,
 * so of what they may have answered only a read counts as turned away.
 */
export function turnsAway({ status, fields }: ResponseHead, method: string, info: Asked): boolean {
  if (status !== 503 || fieldValue(fields, 'retry-after') === undefined) return false;
  if (isRead(method, info, false)) return true;
  return isServersOwn(info);
}

/**
 * Whether the body has to say if the server shuts down. An answer 429 is mostly that of an overloaded server (priority and
 * fairness) or of an eviction that a budget forbids, and those stay the client's: what one server is too busy for would
 * bury the next. A 503 that `turnsAway` does not believe may be believed for its words. What a workload behind `proxy` says
 * never is.
 */
export function mayBeShuttingDown({ status, fields }: ResponseHead, method: string, info: Asked): boolean {
  if (status !== 429 && status !== 503) return false;
  if (fieldValue(fields, 'retry-after') === undefined || relaysForeignResponse(info)) return false;
  return info.isResourceRequest || isRead(method, info, false);
}

/**
 * In both answers of a server that shuts down: 503 of apiserver pkg/server/filters/waitgroup.go, and 429 of with_retry_after.go,
 * which stands before authentication (--shutdown-send-retry-after). Every server built on that library says it before it acts.
 */
const SHUTTING_DOWN = 'apiserver is shutting down';

/** Whether it says so; `body` is whole. */
export function saysShuttingDown(body: Uint8Array): boolean {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(SHUTTING_DOWN);
}
