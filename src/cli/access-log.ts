import { pino } from 'pino';
import type { AccessLogMode } from '../observe/journal/access-log.ts';
import type { Logger } from '../observe/logger.ts';
import type { Environment, TextOutput } from './io.ts';
import { createLogger, jsonLines } from './logger.ts';

/** Lines of requests, written beside the log. */
export interface AccessLog {
  readonly lines: Pick<Logger, 'info'>;
  /** Writes what is still held; resolves after a second at most. */
  close(): Promise<void>;
}

/** Bytes that may wait for a slow reader of the log; beyond, lines are left out. */
const MOST_HELD = 4 * 1024 * 1024;
/** PIPE_BUF of Linux: so many bytes at a time come between nobody else's (pipe(7)). */
const AT_ONCE = 4_096;
const CLOSE_MS = 1_000;

/**
 * Where the access log goes. The log itself is written at once and waits for its reader, as nothing of it may be lost;
 * lines of requests may be, and must delay none: they are written apart from the event loop, and left out when the reader is too slow.
 * On a terminal, where people read, there are few. Undefined: nobody wants one.
 */
export function openAccessLog(
  mode: AccessLogMode,
  { output, environment }: { readonly output: TextOutput; readonly environment: Environment },
): AccessLog | undefined {
  if (mode === 'none') return undefined;
  const { fd, isTTY } = output;
  if (fd === undefined || isTTY === true) {
    return { lines: createLogger({ output, verbosity: 0, environment }), close: () => Promise.resolve() };
  }
  const destination = pino.destination({ fd, sync: false, maxLength: MOST_HELD, maxWrite: AT_ONCE });
  const closed = new Promise<void>((resolve) => destination.once('close', resolve));
  // At the end of the process pino would wait for a reader that does not read, for ever.
  destination.flushSync = () => {};
  // Whoever read the log is gone; requests go on.
  destination.on('error', () => {});
  const log = jsonLines('info', destination);
  let leftOut = 0;
  destination.on('drop', () => void leftOut++);
  destination.on('drain', () => {
    if (leftOut === 0) return;
    const count = leftOut;
    leftOut = 0;
    log.warn(
      'lines of requests were left out, because whoever reads the log is too slow; write the log to a file, or set logging.accessLog to notable',
      { count },
    );
  });
  return {
    lines: { info: (message, fields) => void destination.write(lineOf(message, fields)) },
    async close() {
      destination.end();
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, CLOSE_MS);
      await Promise.race([closed, patience.promise]);
      clearTimeout(timer);
    },
  };
}

/** As the log has it; of twenty plain fields this is three times as quick as what looks at each. */
function lineOf(message: string, fields: Readonly<Record<string, unknown>> | undefined): string {
  return `${JSON.stringify({ level: 'info', time: new Date().toISOString(), ...fields, message })}\n`;
}
