import { EventEmitter } from 'node:events';
import type { CliIo, Environment, ProcessSignal } from '../io.ts';

/** The process as a command sees it, with everything it writes kept. */
export interface CapturedIo extends CliIo {
  readonly out: string;
  readonly err: string;
  /** Sends a signal; returns how many listeners heard it. */
  signal(name: ProcessSignal): number;
  /** Resolves as soon as standard output or standard error contains `text`. */
  waitFor(stream: 'out' | 'err', text: string): Promise<void>;
}

export function capturedIo(
  options: {
    readonly directory?: string;
    readonly environment?: Environment;
    /** A supervisor started it, which says nothing. */
    readonly isWorker?: boolean;
  } = {},
): CapturedIo {
  const written = { out: '', err: '' };
  const writes = new EventEmitter();
  const signals = new EventEmitter();
  const capture = (stream: 'out' | 'err') => ({
    write: (text: string) => {
      written[stream] += text;
      writes.emit('write');
    },
  });
  return {
    stdout: capture('out'),
    stderr: capture('err'),
    environment: options.environment ?? {},
    directory: options.directory ?? '/',
    signals,
    pid: 1,
    supervisor: { isOpen: options.isWorker ?? false, send: () => {}, onMessage: () => {}, onDisconnect: () => {} },
    get out() {
      return written.out;
    },
    get err() {
      return written.err;
    },
    signal: (name) => {
      const heard = signals.listenerCount(name);
      signals.emit(name, name);
      return heard;
    },
    waitFor: (stream, text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!written[stream].includes(text)) return;
          writes.off('write', look);
          resolve();
        };
        writes.on('write', look);
        look();
      }),
  };
}
