import { resolve } from 'node:path';
import { readTlsMaterial } from '../config/files.ts';
import type { FlagValues } from '../config/flag-values.ts';
import { readKubeconfig } from '../config/kubeconfig.ts';
import { loadConfiguration } from '../config/load.ts';
import type { Configuration } from '../config/schema.ts';
import type { Daemon, startDaemon } from '../daemon/daemon.ts';
import type { ConfigurationSource } from '../daemon/daemon-dependencies.ts';
import { ProxyError } from '../errors.ts';
import { type Logger, withFields } from '../observe/logger.ts';
import type { ConnectionSource } from '../wire/listening-sockets.ts';
import { parseAssignment, type WorkerAssignment } from '../workers/messages.ts';
import { type AccessLog, openAccessLog } from './access-log.ts';
import { takeInheritedSocket } from './inherited-socket.ts';
import { type CliIo, EXIT, type ExitCode, type ProcessSignal } from './io.ts';
import { createLogger } from './logger.ts';
import { describeStartFailure } from './start-failure.ts';

interface Logs {
  readonly logger: Logger;
  /** Undefined: there is none. */
  readonly accessLog: Pick<Logger, 'info'> | undefined;
}

export type StartDaemon = typeof startDaemon;

export interface ServeRequest {
  readonly configFile: string | undefined;
  readonly flags: FlagValues;
  /** Only check the configuration and the files it names. */
  readonly checkConfig: boolean;
  /** The program and its arguments, for starting workers. */
  readonly commandLine: readonly string[];
}

/**
 * `mvproxy serve`: runs until SIGTERM or SIGINT, then drains; a second such signal ends it at once. SIGHUP reloads. Prints one line
 * on standard output when the daemon is ready.
 */
export async function serve(request: ServeRequest, io: CliIo, start: StartDaemon): Promise<ExitCode> {
  const assignment = parseAssignment(io.environment.MVPROXY_WORKER);
  let accessLog: AccessLog | undefined;
  try {
    if (assignment !== undefined && !io.supervisor.isOpen) throw notAWorker();
    const { configFile, flags } = request;
    const read = () => loadConfiguration({ configFile, flags, directory: io.directory });
    const configuration = await read();
    if (request.checkConfig) return await checkFiles(configuration, io);
    const { verbosity } = configuration.logging;
    const { stderr: output, environment } = io;
    const logger = createLogger({ output, verbosity, environment });
    accessLog = openAccessLog(configuration.logging.accessLog, { output, environment });
    const file = configFile === undefined ? undefined : resolve(io.directory, configFile);
    if (assignment !== undefined) {
      return await work(configuration, { file, read }, io, { logger, accessLog: accessLog?.lines }, assignment, start);
    }
    const fd = takeInheritedSocket(io.environment, io.pid);
    const source = fd === undefined ? undefined : ({ kind: 'inherited', fd } as const);
    if (configuration.serving.workers > 0) {
      const { serveWithWorkers } = await import('./serve-workers.ts');
      return await serveWithWorkers({ configuration, commandLine: request.commandLine, source, io, logger });
    }
    const logs: Logs = { logger, accessLog: accessLog?.lines };
    return await new ServeRun(configuration, { file, read }, source, io, logs).run(start);
  } catch (error) {
    const { exitCode, message } = describeStartFailure(error);
    if (assignment !== undefined && io.supervisor.isOpen) logStartFailure(message, assignment, io);
    else io.stderr.write(`${message}\n`);
    return exitCode;
  } finally {
    await accessLog?.close();
  }
}

/** A worker's standard error is the supervisor's log; the configuration, which may be what is wrong, does not say how verbose. */
function logStartFailure(reason: string, { slot }: WorkerAssignment, { stderr, environment }: CliIo): void {
  createLogger({ output: stderr, verbosity: 0, environment }).error(
    'this worker cannot start; correct what the reason says, and send SIGUSR2 again if it was to replace another',
    { worker: slot, reason },
  );
}

function notAWorker(): ProxyError {
  return new ProxyError(
    'MVP_CONFIG',
    'MVPROXY_WORKER is set, with which mvproxy starts its own workers, but this process was not started by one: it would never get a connection. Unset MVPROXY_WORKER; to serve with workers use --workers.',
  );
}

async function checkFiles(configuration: Configuration, io: CliIo): Promise<ExitCode> {
  const { warnings } = await readTlsMaterial(configuration);
  if (configuration.kubeconfig !== undefined) await readKubeconfig(configuration.kubeconfig);
  for (const warning of warnings) io.stderr.write(`warning: ${warning}\n`);
  io.stdout.write('The configuration is valid.\n');
  return EXIT.ok;
}

/** One worker of `serve --workers`. Signals are the supervisor's: a terminal or systemd may send them to all processes. */
async function work(
  configuration: Configuration,
  source: ConfigurationSource,
  { signals, supervisor }: CliIo,
  { logger, accessLog }: Logs,
  assignment: WorkerAssignment,
  start: StartDaemon,
): Promise<ExitCode> {
  const ignored: readonly ProcessSignal[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'];
  const ignore = (): void => {};
  for (const signal of ignored) signals.on(signal, ignore);
  const worker = { worker: assignment.slot };
  const tagged = withFields(logger, worker);
  const lines: Logs['accessLog'] = accessLog && {
    info: (message, fields) => accessLog.info(message, { ...worker, ...fields }),
  };
  const { runWorker } = await import('../workers/worker-run.ts');
  await runWorker({ configuration, source, assignment, channel: supervisor, logger: tagged, accessLog: lines }, start);
  tagged.info('stopped');
  return EXIT.ok;
}

class ServeRun {
  readonly #configuration: Configuration;
  readonly #source: ConfigurationSource;
  readonly #connections: ConnectionSource | undefined;
  readonly #io: CliIo;
  readonly #logger: Logger;
  readonly #accessLog: Logs['accessLog'];
  readonly #stop = Promise.withResolvers<void>();
  readonly #abandon = Promise.withResolvers<ExitCode>();
  #stopping = false;
  #daemon: Daemon | undefined;

  constructor(
    configuration: Configuration,
    source: ConfigurationSource,
    connections: ConnectionSource | undefined,
    io: CliIo,
    { logger, accessLog }: Logs,
  ) {
    this.#configuration = configuration;
    this.#source = source;
    this.#connections = connections;
    this.#io = io;
    this.#logger = logger;
    this.#accessLog = accessLog;
  }

  async run(start: StartDaemon): Promise<ExitCode> {
    const { signals } = this.#io;
    const stop = (signal: ProcessSignal): void => this.#onStop(signal);
    // One after the other: a second reload must not read files while the first still swaps what it read.
    let reloads = Promise.resolve();
    const reload = (): void => {
      reloads = reloads.then(() => this.#reload());
    };
    signals.on('SIGTERM', stop);
    signals.on('SIGINT', stop);
    signals.on('SIGHUP', reload);
    signals.on('SIGUSR2', this.#onRoll);
    try {
      return await Promise.race([this.#abandon.promise, this.#live(start)]);
    } finally {
      signals.off('SIGTERM', stop);
      signals.off('SIGINT', stop);
      signals.off('SIGHUP', reload);
      signals.off('SIGUSR2', this.#onRoll);
    }
  }

  async #live(start: StartDaemon): Promise<ExitCode> {
    const { bindAddress: host, securePort: port } = this.#configuration.serving;
    const serving = this.#connections && { host, port, source: this.#connections };
    const daemon = await start(this.#configuration, {
      logger: this.#logger,
      accessLog: this.#accessLog,
      source: this.#source,
      places: { serving },
    });
    this.#daemon = daemon;
    try {
      await Promise.race([this.#announce(daemon), this.#stop.promise]);
    } catch (error) {
      await daemon.stop(0);
      throw error;
    }
    await this.#stop.promise;
    const { delaySeconds, watchTerminationSeconds, drainSeconds } = this.#configuration.shutdown;
    await daemon.stop(drainSeconds * 1000, {
      delayMs: delaySeconds * 1000,
      watchesMs: watchTerminationSeconds * 1000,
    });
    this.#logger.info('stopped');
    return EXIT.ok;
  }

  async #announce(daemon: Daemon): Promise<void> {
    await daemon.ready();
    if (this.#stopping) return;
    const admin = daemon.adminAddress === undefined ? '' : `, admin ${daemon.adminAddress}`;
    this.#io.stdout.write(`mvproxy ready: serving ${daemon.servingAddress}${admin}\n`);
  }

  #onStop(signal: ProcessSignal): void {
    if (this.#stopping) {
      this.#logger.warn('ending at once on a second signal; requests in progress are cut off', { signal });
      this.#abandon.resolve(EXIT.failed);
      return;
    }
    this.#stopping = true;
    const { delaySeconds, drainSeconds } = this.#configuration.shutdown;
    this.#logger.info('stopping; a second signal ends at once', { signal, delaySeconds, drainSeconds });
    this.#stop.resolve();
  }

  readonly #onRoll = (): void =>
    this.#logger.warn(
      'SIGUSR2 replaces workers, and there are none; start the proxy with --workers 1 or more to replace it without refusing connections',
    );

  async #reload(): Promise<void> {
    if (this.#daemon === undefined || this.#stopping) return;
    try {
      await this.#daemon.reload();
      this.#logger.info('reloaded', { signal: 'SIGHUP' });
    } catch (error) {
      this.#logger.error('could not reload; everything stays as it was, correct the files and send SIGHUP again', {
        error,
      });
    }
  }
}
