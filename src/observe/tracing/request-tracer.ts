import type { ServerExchange } from '../../wire/exchange.ts';
import { type Fields, fieldValues, withoutFields } from '../../wire/fields.ts';
import { ExchangeSpan, type FinishedSpan } from './exchange-span.ts';
import { parseTraceparent } from './trace-context.ts';
import { newSpanId, newTraceId } from './trace-ids.ts';

/** Which requests are recorded. */
export interface Sampling {
  /** 0 to 1, of the requests about which no sender has decided. */
  readonly ratio: number;
  /** What the sender of a `traceparent` decided holds, so that a trace is whole or is not there. */
  readonly honoursParent: boolean;
}

/** Where a request belongs. */
export interface RequestTrace {
  readonly traceId: string;
  /** Undefined: it is not recorded, and its fields travel as they came. */
  readonly span: ExchangeSpan | undefined;
}

export interface RequestTracerOptions {
  readonly sampling: Sampling;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Gets every span that is over. Must not throw. */
  readonly finished: (span: FinishedSpan) => void;
  readonly random?: (() => number) | undefined;
}

/** Begins the span of each exchange that is recorded. All that the request path has to do with tracing. */
export class RequestTracer {
  readonly #options: RequestTracerOptions;
  readonly #random: () => number;

  constructor(options: RequestTracerOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** Undefined: the request belongs to no trace. `startedAt`: epoch milliseconds. */
  begin(
    { head, connection }: Pick<ServerExchange, 'head' | 'connection'>,
    startedAt: number,
  ): RequestTrace | undefined {
    const { sampling, clock, finished } = this.#options;
    const parent = parseTraceparent(fieldValues(head.fields, 'traceparent'));
    const isRecorded =
      parent !== undefined && sampling.honoursParent ? parent.sampled : this.#random() < sampling.ratio;
    if (!isRecorded) return parent && { traceId: parent.traceId, span: undefined };
    const traceId = parent?.traceId ?? newTraceId();
    const span = new ExchangeSpan({
      traceId,
      spanId: newSpanId(),
      parentId: parent?.parentId,
      protocol: connection.protocol,
      clientAddress: connection.remoteAddress,
      startedAt,
      clock,
      finished,
    });
    return { traceId, span };
  }
}

/** The fields of a recorded request as servers get them. */
export function tracedFields(fields: Fields, span: ExchangeSpan): string[] {
  const { isRoot } = span;
  const kept = withoutFields(fields, (name) => name === 'traceparent' || (isRoot && name === 'tracestate'));
  kept.push('traceparent', span.traceparent);
  return kept;
}
