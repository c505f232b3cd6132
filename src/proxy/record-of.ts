import { userAgentFamily } from '../kubernetes/user-agent-family.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import { parseTraceparent } from '../observe/tracing/trace-context.ts';
import type { ResponseHead } from '../wire/exchange.ts';
import { type Fields, fieldValue, fieldValues } from '../wire/fields.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { ProxyContext } from './proxy-context.ts';

/** A request of which it is known at least that it arrived. */
export type ArrivedRequest = Pick<PreparedRequest, 'exchange' | 'startedAt' | 'trace' | 'explanation'> &
  Pick<ExchangeRecord, 'info'>;

/** What a request came to, besides what the request itself says. */
export type Outcome = Pick<ExchangeRecord, 'status'> &
  Partial<
    Pick<
      ExchangeRecord,
      'decision' | 'server' | 'error' | 'attempts' | 'unknownType' | 'auditId' | 'upstreamMilliseconds'
    >
  >;

/** Tells whoever keeps book that a request is answered, or given up. */
export function recordExchange(
  { observer, clock }: Pick<ProxyContext, 'observer' | 'clock'>,
  request: ArrivedRequest,
  outcome: Outcome,
): void {
  const record = recordOf(request, outcome, clock());
  observer.answered(record);
  request.trace?.span?.answered(record);
}

/** At `now` (epoch milliseconds). */
function recordOf({ exchange, info, startedAt, trace }: ArrivedRequest, outcome: Outcome, now: number): ExchangeRecord {
  const { method, target, fields } = exchange.head;
  return {
    at: now,
    method,
    client: userAgentFamily(fieldValue(fields, 'user-agent')),
    info,
    targetLength: target.length,
    decision: outcome.decision,
    server: outcome.server,
    status: outcome.status,
    error: outcome.error,
    attempts: outcome.attempts ?? 0,
    unknownType: outcome.unknownType,
    milliseconds: now - startedAt,
    upstreamMilliseconds: outcome.upstreamMilliseconds,
    traceId: trace?.traceId ?? traceIdOf(fields),
    auditId: outcome.auditId ?? '',
  };
}

/** While tracing is off, too, so that decisions and log can be found by it. */
function traceIdOf(fields: Fields): string {
  return fields.includes('traceparent') ? (parseTraceparent(fieldValues(fields, 'traceparent'))?.traceId ?? '') : '';
}

/** kube-apiserver takes a client's own Audit-ID for its, cut off at so many characters (apiserver pkg/endpoints/filters, WithAuditInit). */
const AUDIT_ID_LENGTH = 64;

/** The Audit-ID that a server answered with; '' without one. */
export function auditIdOf({ fields }: ResponseHead): string {
  const id = fieldValue(fields, 'audit-id') ?? '';
  return id.length > AUDIT_ID_LENGTH ? '' : id;
}
