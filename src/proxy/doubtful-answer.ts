import { saysTooLargeResourceVersion } from '../kubernetes/too-large-resource-version.ts';
import { isRead } from '../routing/retry.ts';
import type { ResponseHead } from '../wire/exchange.ts';
import { fieldValue } from '../wire/fields.ts';
import type { PeekLimits } from '../wire/peeked-body.ts';
import type { Dismissal } from './attempts.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { Forward } from './route.ts';
import { isSuspect } from './self-healing.ts';
import { mayBeShuttingDown, saysShuttingDown } from './turned-away.ts';
import { NOT_FOUND_LIMITS, saysUnknown } from './unknown-answer.ts';

/** What an answer may mean that is no reason to stop, if its body says so; `unknown-type`: the server does not know the type. */
export type Doubt = 'unknown-type' | Dismissal;

/** How much of such an answer is looked at, and how long it may take to come: kube-apiserver writes it as one piece with its head. */
export const DOUBT_LIMITS: PeekLimits = NOT_FOUND_LIMITS;

/** What has to be looked for in an answer before it may pass; nothing in most, so that this is all that they cost. */
export function doubtAbout(head: ResponseHead, decision: Forward, request: PreparedRequest): Doubt | undefined {
  const { exchange, info } = request;
  const { method } = exchange.head;
  switch (head.status) {
    case 404:
      return isSuspect(head, decision, request) ? 'unknown-type' : undefined;
    case 429:
    case 503:
      return isShort(head) && mayBeShuttingDown(head, method, info) ? 'shutting-down' : undefined;
    case 504:
      return isShort(head) && info.isResourceRequest && isRead(method, info, false) ? 'behind' : undefined;
    default:
      return undefined;
  }
}

/** Whether `body`, which is whole, says what was suspected. */
export function bearsOut(doubt: Doubt, head: ResponseHead, body: Uint8Array): boolean {
  switch (doubt) {
    case 'unknown-type':
      return saysUnknown(head, body);
    case 'shutting-down':
      return saysShuttingDown(body);
    case 'behind':
      return saysTooLargeResourceVersion(head.status, body);
  }
}

function isShort({ fields }: ResponseHead): boolean {
  const length = fieldValue(fields, 'content-length');
  return length === undefined || Number(length) <= DOUBT_LIMITS.maxBytes;
}
