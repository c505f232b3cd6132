import type { Configuration } from '../config/schema.ts';
import type { NameResolver } from '../membership/name-resolver.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Logger } from '../observe/logger.ts';
import type { TargetRelease } from '../preflight/preflight-setting.ts';
import type { ListenPlace } from '../wire/listening-sockets.ts';

export interface ConfigurationSource {
  /** Absolute path of the configuration file, for watching; undefined when there is none. */
  readonly file: string | undefined;
  /** Rejects with what is wrong with it. */
  read(): Promise<Configuration>;
}

export interface DaemonDependencies {
  readonly logger: Logger;
  /** Where the access log goes, if there is one. Default: `logger`. */
  readonly accessLog?: Pick<Logger, 'info'> | undefined;
  /** Where the configuration comes from, for reading it again. Without it only the files it names are. */
  readonly source?: ConfigurationSource | undefined;
  /** Where to listen instead of where the configuration says. */
  readonly places?:
    | { readonly serving?: ListenPlace | undefined; readonly admin?: ListenPlace | undefined }
    | undefined;
  /** Gets every request that was answered. Must not throw. */
  readonly onExchange?: (record: ExchangeRecord) => void;
  /** False: another process of this proxy tells API servers with their own mixed version proxy where it is. */
  readonly publishes?: boolean;
  /** Admin listeners of the workers beside this one, as URLs. Default: it is alone. */
  readonly otherWorkers?: readonly string[] | undefined;
  /** How names of servers become addresses. Default: as this machine does it. */
  readonly resolver?: NameResolver | undefined;
  /** Reads a release that comes with the program, for preflight. Rejects with what there is. */
  readonly recorded?: ((release: string) => Promise<TargetRelease>) | undefined;
}
