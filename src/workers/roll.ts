import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../observe/logger.ts';
import type { Worker } from './worker.ts';
import { exitText } from './worker-link.ts';

/** The place of one worker, whose holder may change. */
export interface Seat {
  readonly slot: number;
  current(): Worker | undefined;
  /** Starts another worker, which does not serve yet. */
  launch(): Worker;
  /** From now on `worker` gets the connections. */
  employ(worker: Worker): void;
}

export interface RollOptions {
  /** Milliseconds: how long a new worker may take to become ready, and an old one to drain. */
  readonly times: { readonly readyMs: number; readonly drainMs: number };
  readonly logger: Logger;
  readonly stopping: AbortSignal;
}

/** Replaces workers one after the other, until one cannot be. Returns whether all were. */
export async function roll(seats: readonly Seat[], options: RollOptions): Promise<boolean> {
  for (const seat of seats) {
    if (options.stopping.aborted || !(await rollOne(seat, options))) return false;
  }
  options.logger.info('all workers were replaced');
  return true;
}

async function rollOne(seat: Seat, { times, logger, stopping }: RollOptions): Promise<boolean> {
  const next = seat.launch();
  const failure = await whyNotReady(next, times.readyMs, stopping);
  if (failure !== undefined) {
    next.kill();
    logger.error('a new worker could not take over and was given up; the workers that are not replaced yet stay', {
      worker: seat.slot,
      pid: next.pid,
      reason: failure,
      error: next.startError,
    });
    return false;
  }
  const old = seat.current();
  seat.employ(next);
  logger.info('a new worker took over', { worker: seat.slot, pid: next.pid, replaces: old?.pid });
  await old?.drain(times.drainMs);
  return true;
}

/** Undefined as soon as it is ready. */
async function whyNotReady(next: Worker, readyMs: number, stopping: AbortSignal): Promise<string | undefined> {
  const late = new AbortController();
  const signal = AbortSignal.any([late.signal, stopping]);
  const failure = await Promise.race([
    next.ready.then(() => undefined),
    next.exited.then((exit) => `it ended (${exitText(exit)})`),
    delay(readyMs, undefined, { signal }).then(
      () => `it was not ready within ${readyMs / 1000} s: ${next.missing.join('; ')}`,
      () => 'the proxy stops',
    ),
  ]);
  late.abort();
  return failure;
}
