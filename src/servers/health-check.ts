import { FetchError, fetchFrom } from '../wire/fetch.ts';
import type { Fields } from '../wire/fields.ts';
import type { Upstream } from '../wire/upstream.ts';

export interface HealthCheckOptions {
  readonly path: string;
  /** Of each probe. */
  readonly timeoutMs: number;
  /** Sent with every probe: who we are. */
  readonly fields: Fields;
  /** How many probes may fail before there is a verdict; at least 1. */
  readonly most: number;
  readonly upstream: Upstream;
  /** Opens connections for a further probe. */
  readonly another: () => Upstream;
  /** Bytes that arrived from the server so far over other connections. */
  readonly received: () => number;
  /** Called for each probe that got no answer, unless the server said something to others meanwhile: it is busy, not hung. */
  readonly unanswered: (condition: string) => void;
}

export type HealthCheckResult =
  /** `byAnother`: over a connection of its own, while the first one was silent. */
  | { readonly kind: 'answered'; readonly status: number; readonly body: Buffer; readonly byAnother: boolean }
  /** Nobody listens. */
  | { readonly kind: 'unreachable'; readonly condition: string }
  /** No probe got an answer; `silent` when there was nothing at all, rather than a connection that broke. */
  | { readonly kind: 'unanswered'; readonly silent: boolean }
  /** A shortage of ours kept us from asking. */
  | { readonly kind: 'unasked' };

/** Milliseconds for which a server that falls silent counts as ready at most. */
export function longestSilenceMs(policy: {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
}): number {
  return policy.intervalMs + ((policy.fall - 1) * policy.timeoutMs) / 2 + policy.timeoutMs;
}

const PROBE_BYTES = 64 * 1024;

/**
 * Asks a server how it is. While a probe has been without an answer for half of its time the next one begins, over a
 * connection of its own: the first answer settles it, and a hung server is known as such half a timeout later instead of
 * a whole one and a pause.
 */
export function checkHealth(options: HealthCheckOptions): Promise<HealthCheckResult> {
  const { path, timeoutMs, fields, most, another, received, unanswered } = options;
  const { promise, resolve } = Promise.withResolvers<HealthCheckResult>();
  const over = new AbortController();
  let begun = 0;
  let open = 0;
  const timers = new Set<NodeJS.Timeout>();

  const finish = (result: HealthCheckResult): void => {
    for (const timer of timers) clearTimeout(timer);
    over.abort();
    resolve(result);
  };
  /** `heard`: what had arrived when half of the probe's time was over. */
  const failed = (error: unknown, heard: number): void => {
    const cause = error instanceof FetchError ? error.failure.cause : undefined;
    const condition = error instanceof Error ? error.message : String(error);
    if (cause === 'connect') finish({ kind: 'unreachable', condition });
    else if (cause === 'overloaded') {
      if (open === 0) finish({ kind: 'unasked' });
    } else {
      const silent = error instanceof FetchError && error.reason === 'timeout';
      if (!silent || received() === heard) unanswered(condition);
      if (open === 0) finish({ kind: 'unanswered', silent });
    }
  };
  const probe = async (upstream: Upstream): Promise<void> => {
    begun += 1;
    open += 1;
    let heard = received();
    const halfTime = (): void => {
      heard = received();
      if (begun < most) void probeAnother();
    };
    timers.add(setTimeout(halfTime, timeoutMs / 2));
    const request = { method: 'GET', target: path, fields, timeoutMs, maxBytes: PROBE_BYTES, signal: over.signal };
    try {
      const { status, body } = await fetchFrom(upstream, request);
      finish({ kind: 'answered', status, body, byAnother: upstream !== options.upstream });
    } catch (error) {
      open -= 1;
      if (!over.signal.aborted) failed(error, heard);
    }
  };
  const probeAnother = async (): Promise<void> => {
    const upstream = another();
    await probe(upstream);
    await upstream.close(0);
  };
  void probe(options.upstream);
  return promise;
}
