import type { ResponseHead } from './exchange.ts';
import type { Fields } from './fields.ts';
import { collect, sendBody } from './relay.ts';
import type { Upstream, UpstreamFailure } from './upstream.ts';

export interface FetchRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: Fields;
  readonly body?: Uint8Array | undefined;
  /** From now to the last byte of the response, waiting for a connection included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface FetchedResponse {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer;
}

/** Why there is no complete response, in one word for metrics. The set is bounded. */
export type FetchFailureReason =
  | 'refused'
  | 'timeout'
  | 'name'
  | 'tls'
  | 'protocol'
  /** Lost, closed or reset by the server. */
  | 'connection'
  /** A bound of ours or of this host. */
  | 'overloaded'
  | 'too-large'
  | 'cancelled';

/** No complete response came; `failure` says why. */
export class FetchError extends Error {
  readonly failure: UpstreamFailure;
  readonly reason: FetchFailureReason;

  constructor(failure: UpstreamFailure, reason: FetchFailureReason = REASONS[failure.cause]) {
    super(failure.message);
    this.name = 'FetchError';
    this.failure = failure;
    this.reason = reason;
  }
}

const REASONS: Readonly<Record<UpstreamFailure['cause'], FetchFailureReason>> = {
  connect: 'refused',
  timeout: 'timeout',
  name: 'name',
  tls: 'tls',
  protocol: 'protocol',
  goaway: 'connection',
  reset: 'connection',
  connection: 'connection',
  overloaded: 'overloaded',
};

/**
 * One whole request of our own (health, discovery). Rejects with `FetchError` when there is no complete response: a
 * failure of the upstream, more than `timeoutMs`, more than `maxBytes`, or `signal`. The stream is reset in the last three.
 */
export function fetchFrom(upstream: Upstream, request: FetchRequest): Promise<FetchedResponse> {
  const { method, target, fields, body, timeoutMs, maxBytes, signal } = request;
  const unwanted = `${method} ${target} was given up because its result is no longer needed`;
  if (signal?.aborted) {
    const failure: UpstreamFailure = { processed: 'no', reason: 'cancel', cause: 'reset', message: unwanted };
    return Promise.reject(new FetchError(failure, 'cancelled'));
  }
  return new Promise((resolve, reject) => {
    let settled = false;
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      finish();
    };
    const fail = (failure: UpstreamFailure, reason?: FetchFailureReason): void =>
      settle(() => reject(new FetchError(failure, reason)));
    const giveUp = (reset: UpstreamFailure['reason'], message: string, reason: FetchFailureReason): void => {
      if (settled) return;
      exchange.reset(reset);
      fail({ processed: 'unknown', reason: reset, cause: 'reset', message }, reason);
    };
    const onAbort = (): void => giveUp('cancel', unwanted, 'cancelled');
    const slow = `${method} ${target} was not answered completely within ${timeoutMs} ms`;
    const late = (): void => giveUp('timeout', slow, 'timeout');
    // Timers come before what has arrived: after a pause of this process the answer may be there that nobody has read yet.
    const timer = setTimeout(() => setImmediate(late), timeoutMs);
    const finish = async (head: ResponseHead, source: Parameters<typeof collect>[0]): Promise<void> => {
      const collected = await collect(source, maxBytes);
      if (collected.kind === 'whole') settle(() => resolve({ ...head, body: collected.body }));
      else if (collected.kind === 'too-large') {
        giveUp('cancel', `${method} ${target} was answered with more than ${maxBytes} bytes`, 'too-large');
      } else {
        const message = `${method} ${target} was answered incompletely (${collected.reason})`;
        fail({ processed: 'unknown', reason: collected.reason, cause: 'reset', message });
      }
    };
    const exchange = upstream.request({ method, target, authority: undefined, fields }, body === undefined, {
      inform: () => {},
      respond: (head, source) => void finish(head, source),
      failed: fail,
    });
    if (body !== undefined && exchange.body !== undefined) sendBody(exchange.body, body);
    signal?.addEventListener('abort', onAbort);
  });
}
