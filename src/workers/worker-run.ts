import { adminScheme } from '../config/admin-scheme.ts';
import type { Configuration } from '../config/schema.ts';
import type { Daemon, startDaemon } from '../daemon/daemon.ts';
import type { ConfigurationSource } from '../daemon/daemon-dependencies.ts';
import type { Logger } from '../observe/logger.ts';
import { authorityOf } from '../wire/endpoint.ts';
import { type FromWorker, isToWorker, type WorkerAssignment } from './messages.ts';
import type { SupervisorChannel } from './supervisor-channel.ts';

export interface WorkerRunOptions {
  readonly configuration: Configuration;
  readonly source: ConfigurationSource;
  readonly assignment: WorkerAssignment;
  readonly channel: SupervisorChannel;
  readonly logger: Logger;
  /** Default: `logger`. */
  readonly accessLog?: Pick<Logger, 'info'> | undefined;
}

/** Between two looks at what is missing, until nothing is. */
const LOOK_MS = 250;

/**
 * The whole proxy, without ports: the supervisor hands over its connections. Resolves when it has drained, which it also
 * does when the supervisor is gone.
 */
export async function runWorker(
  { configuration, source, assignment, channel, logger, accessLog }: WorkerRunOptions,
  start: typeof startDaemon,
): Promise<void> {
  const { serving, admin, otherAdmins } = assignment;
  const handed = { kind: 'handed' } as const;
  const drain = Promise.withResolvers<void>();
  // Nothing may be lost that comes before the daemon can take it.
  const early: (readonly [unknown, unknown])[] = [];
  let take = (message: unknown, connection: unknown): void => void early.push([message, connection]);
  channel.onMessage((message, connection) => take(message, connection));
  channel.onDisconnect(() => {
    logger.error('the supervisor is gone; this worker finishes what is open and ends');
    drain.resolve();
  });
  const daemon = await start(configuration, {
    logger,
    accessLog,
    source,
    places: { serving: { ...serving, source: handed }, admin: admin && { ...admin, source: handed } },
    publishes: assignment.slot === 0,
    otherWorkers: otherAdmins.map((other) => `${adminScheme(configuration)}://${authorityOf(other)}`),
  });
  take = (message, connection) => heard(message, connection, { daemon, channel, logger, drain: drain.resolve });
  for (const [message, connection] of early) take(message, connection);
  tell(channel, { kind: 'listening' });
  const looking = tellReadiness(daemon, channel);
  await drain.promise;
  looking.abort();
  const { drainSeconds, watchTerminationSeconds } = configuration.shutdown;
  await daemon.stop(drainSeconds * 1000, { delayMs: 0, watchesMs: watchTerminationSeconds * 1000 });
}

interface Hearing {
  readonly daemon: Daemon;
  readonly channel: SupervisorChannel;
  readonly logger: Logger;
  readonly drain: () => void;
}

function heard(message: unknown, connection: unknown, { daemon, channel, logger, drain }: Hearing): void {
  if (!isToWorker(message)) return;
  switch (message.kind) {
    case 'connection':
      tell(channel, { kind: 'taken' });
      daemon.take(message.listener, connection);
      return;
    case 'leave':
      daemon.leave();
      return;
    case 'drain':
      drain();
      return;
    case 'reload':
      daemon.reload().then(
        () => logger.info('reloaded', { signal: 'SIGHUP' }),
        (error: unknown) =>
          logger.error('could not reload; everything stays as it was, correct the files and send SIGHUP again', {
            error,
          }),
      );
  }
}

function tell(channel: SupervisorChannel, message: FromWorker): void {
  channel.send(message);
}

function tellReadiness(daemon: Daemon, channel: SupervisorChannel): AbortController {
  const stopping = new AbortController();
  const look = (): void => {
    if (stopping.signal.aborted) return;
    const missing = daemon.unreadiness();
    tell(channel, { kind: 'settled', missing });
    if (missing.length > 0) setTimeout(look, LOOK_MS).unref();
  };
  void daemon.ready().then(look);
  return stopping;
}
