import { OWN_GROUPS } from '../kubernetes/own-groups.ts';
import type { RequestInfo } from '../kubernetes/request-info.ts';

/** Subresources behind which something runs or listens; kubectl asks for them with GET when it uses WebSocket. */
const CONNECTIONS = new Set(['attach', 'exec', 'portforward', 'proxy']);

/** Whether a request is for a kubelet or workload behind the server, which may do and answer what it likes. */
export function reachesBehind({ verb, subresource }: Pick<RequestInfo, 'verb' | 'subresource'>): boolean {
  return verb === 'proxy' || CONNECTIONS.has(subresource);
}

/**
 * Whether a request changes nothing, so that it may be repeated although it may have been executed. A GET is not enough:
 * exec over WebSocket is one, and so is what a workload behind `proxy` is asked for.
 */
export function isRead(
  method: string,
  info: Pick<RequestInfo, 'verb' | 'subresource'>,
  switchesProtocols: boolean,
): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return !switchesProtocols && !reachesBehind(info);
}

/** Whether kube-apiserver answers the request itself: what it relays may have been acted on by others. */
export function isServersOwn(
  info: Pick<RequestInfo, 'verb' | 'subresource' | 'apiGroup' | 'isResourceRequest'>,
): boolean {
  return info.isResourceRequest && OWN_GROUPS.has(info.apiGroup) && !reachesBehind(info);
}

/** What is known about a failed attempt when it is asked whether another one is safe. */
export interface FailedAttempt {
  readonly isRead: boolean;
  /** `no`: the server proved, or could not but have, not acted on the request. */
  readonly processed: 'no' | 'unknown';
  /** The request has no body, or all that was read of it is still held. */
  readonly replayable: boolean;
}

/**
 * Product rule, section 6: a request is repeated only if it cannot have been executed, or if it is a read whose answer
 * nobody has seen a byte of (the caller asks only in that case).
 */
export function isSafeToRetry({ isRead, processed, replayable }: FailedAttempt): boolean {
  return replayable && (processed === 'no' || isRead);
}
