import { adminScheme } from '../config/admin-scheme.ts';
import type { Configuration } from '../config/schema.ts';
import type { Logger } from '../observe/logger.ts';
import { authorityOf } from '../wire/endpoint.ts';
import type { ConnectionSource } from '../wire/listening-sockets.ts';
import { Supervisor, WorkerStartError } from '../workers/supervisor.ts';
import { forkWorkers } from '../workers/worker-link.ts';
import { type CliIo, EXIT, type ExitCode } from './io.ts';

export interface ServeWorkersOptions {
  readonly configuration: Configuration;
  /** The program and its arguments, as `process.argv` has them from its second item on. */
  readonly commandLine: readonly string[];
  /** Where connections come from, if not from the configured address. */
  readonly source: ConnectionSource | undefined;
  readonly io: CliIo;
  readonly logger: Logger;
}

/** What a drain takes beyond the time that requests get: taking back what was published, and ending. */
const DRAIN_MARGIN_MS = 10_000;
const READY_MS = 30_000;
const PAUSE_MS = 250;
const MOST_PAUSE_MS = 30_000;

/**
 * `mvproxy serve --workers N`: SIGUSR2 replaces the workers, SIGHUP lets them reload, SIGTERM and SIGINT end everything
 * gracefully, and a second one at once. Prints one line on standard output when all workers have settled.
 */
export async function serveWithWorkers(options: ServeWorkersOptions): Promise<ExitCode> {
  const { configuration, commandLine, source, io, logger } = options;
  const { serving, admin, shutdown } = configuration;
  const [program = '', ...args] = commandLine;
  const supervisor = new Supervisor({
    count: serving.workers,
    serving: { host: serving.bindAddress, port: serving.securePort, source },
    admin: admin.enabled ? { host: admin.bindAddress, port: admin.port } : undefined,
    startWorker: forkWorkers(program, args, { ...io.environment }),
    times: {
      delayMs: shutdown.delaySeconds * 1000,
      drainMs: shutdown.drainSeconds * 1000 + DRAIN_MARGIN_MS,
      readyMs: READY_MS,
      pauseMs: PAUSE_MS,
      mostPauseMs: MOST_PAUSE_MS,
    },
    logger,
  });
  const stopping = Promise.withResolvers<void>();
  const abandoned = Promise.withResolvers<ExitCode>();
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) {
      logger.warn('ending at once on a second signal; requests in progress are cut off', { signal });
      supervisor.abandon();
      abandoned.resolve(EXIT.failed);
      return;
    }
    isStopping = true;
    logger.info('stopping; a second signal ends at once', { signal, ...shutdown });
    stopping.resolve();
  };
  const reload = (): void => supervisor.reload();
  const roll = (): void => void supervisor.roll();
  const { signals } = io;
  signals.on('SIGTERM', stop);
  signals.on('SIGINT', stop);
  signals.on('SIGHUP', reload);
  signals.on('SIGUSR2', roll);
  const live = async (): Promise<ExitCode> => {
    const started = supervisor.start().then(() => {
      if (!isStopping) io.stdout.write(readyLine(supervisor, adminScheme(configuration)));
    });
    await Promise.race([started, stopping.promise]);
    await stopping.promise;
    await supervisor.stop();
    logger.info('stopped');
    return EXIT.ok;
  };
  try {
    return await Promise.race([abandoned.promise, live()]);
  } catch (error) {
    supervisor.abandon();
    if (!(error instanceof WorkerStartError)) throw error;
    io.stderr.write(`mvproxy could not start: ${error.message}\n`);
    return exitCodeOf(error.exitCode);
  } finally {
    signals.off('SIGTERM', stop);
    signals.off('SIGINT', stop);
    signals.off('SIGHUP', reload);
    signals.off('SIGUSR2', roll);
  }
}

function readyLine({ serving, admin }: Supervisor, scheme: string): string {
  const admins =
    admin.length === 0 ? '' : `, admin ${admin.map((place) => `${scheme}://${authorityOf(place)}`).join(' ')}`;
  return `mvproxy ready: serving ${serving === undefined ? '' : `https://${authorityOf(serving)}`}${admins}\n`;
}

function exitCodeOf(code: number): ExitCode {
  return code === EXIT.usage || code === EXIT.unreachable ? code : EXIT.failed;
}
