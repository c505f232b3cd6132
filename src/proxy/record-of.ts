import { userAgentFamily } from '../kubernetes/user-agent-family.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import { fieldValue } from '../wire/fields.ts';
import type { PreparedRequest } from './prepared-request.ts';

/** A request of which it is known at least that it arrived. */
export type ArrivedRequest = Pick<PreparedRequest, 'exchange' | 'startedAt'> & Pick<ExchangeRecord, 'info'>;

/** What a request came to, besides what the request itself says. */
export type Outcome = Pick<ExchangeRecord, 'status'> &
  Partial<Pick<ExchangeRecord, 'decision' | 'server' | 'error' | 'attempts' | 'unknownType'>>;

/** The record of a request that is answered, or given up, at `now` (epoch milliseconds). */
export function recordOf({ exchange, info, startedAt }: ArrivedRequest, outcome: Outcome, now: number): ExchangeRecord {
  return {
    method: exchange.head.method,
    client: userAgentFamily(fieldValue(exchange.head.fields, 'user-agent')),
    info,
    decision: outcome.decision,
    server: outcome.server,
    status: outcome.status,
    error: outcome.error,
    attempts: outcome.attempts ?? 0,
    unknownType: outcome.unknownType,
    milliseconds: now - startedAt,
  };
}
