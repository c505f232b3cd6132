import type { SupervisorChannel } from '../workers/supervisor-channel.ts';

/** A stream that text is written to. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** Of the file or pipe behind it. */
  readonly fd?: number | undefined;
  readonly rows?: number | undefined;
}

export type ProcessSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'SIGUSR2';

export interface SignalSource {
  on(signal: ProcessSignal, listener: (signal: ProcessSignal) => void): unknown;
  off(signal: ProcessSignal, listener: (signal: ProcessSignal) => void): unknown;
}

/** The environment variables that are read. */
export interface Environment {
  /** Set and not empty: no colours (no-color.org). */
  readonly NO_COLOR?: string | undefined;
  /** Kubeconfig files, as kubectl reads it. */
  readonly KUBECONFIG?: string | undefined;
  /** The locale; who sets none gets ASCII. */
  readonly LC_ALL?: string | undefined;
  readonly LC_CTYPE?: string | undefined;
  readonly LANG?: string | undefined;
  /** Listening sockets that systemd passes (sd_listen_fds(3)); removed once they are taken. */
  LISTEN_PID?: string | undefined;
  LISTEN_FDS?: string | undefined;
  LISTEN_FDNAMES?: string | undefined;
  /** What a supervisor starts its workers with. */
  readonly MVPROXY_WORKER?: string | undefined;
}

/** Everything of the process that the command line uses. */
export interface CliIo {
  /** Results only; the log goes to `stderr`. */
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly environment: Environment;
  /** Relative paths of flags are relative to it. */
  readonly directory: string;
  readonly signals: SignalSource;
  readonly pid: number;
  /** To the process that started this one as its worker, if one did. */
  readonly supervisor: SupervisorChannel;
}

/** What a command tells the shell. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
