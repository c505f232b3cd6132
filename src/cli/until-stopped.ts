import type { ProcessSignal, SignalSource } from './io.ts';

const STOPPING: readonly ProcessSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Aborts on the first signal that ends a program which runs in the foreground. A second one kills it, as nothing listens any more. */
export function stopSignal(signals: SignalSource): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    for (const signal of STOPPING) signals.off(signal, stop);
    controller.abort();
  };
  for (const signal of STOPPING) signals.on(signal, stop);
  return controller.signal;
}
