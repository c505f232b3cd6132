import { fork } from 'node:child_process';
import type { AcceptedConnection } from '../wire/acceptor.ts';
import {
  ASSIGNMENT_VARIABLE,
  type FromWorker,
  formatAssignment,
  isFromWorker,
  type ToWorker,
  type WorkerAssignment,
} from './messages.ts';

export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export function exitText({ code, signal }: WorkerExit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/** A worker's process as its supervisor sees it. */
export interface WorkerLink {
  readonly pid: number | undefined;
  /** Whoever is gone hears nothing; the connection ends then. */
  send(message: ToWorker, connection?: AcceptedConnection): void;
  /** Ends it at once. */
  kill(): void;
}

export interface WorkerListener {
  message(message: FromWorker): void;
  /** Once, last; also when it could not be started, which `error` says. */
  exited(exit: WorkerExit, error: Error | undefined): void;
}

export type StartWorker = (assignment: WorkerAssignment, listener: WorkerListener) => WorkerLink;

/** Starts workers as processes of the same command line, from the program as it is on disk at that moment. */
export function forkWorkers(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): StartWorker {
  return (assignment, listener) => {
    const child = fork(program, args, {
      env: { ...environment, [ASSIGNMENT_VARIABLE]: formatAssignment(assignment) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    let isOver = false;
    const over = (exit: WorkerExit, error?: Error): void => {
      if (isOver) return;
      isOver = true;
      listener.exited(exit, error);
    };
    child.on('message', (message) => {
      if (isFromWorker(message)) listener.message(message);
    });
    child.on('exit', (code, signal) => over({ code, signal }));
    // Also emitted for messages that did not arrive, whose connections end with the process.
    child.on('error', (error) => {
      if (child.pid === undefined) over({ code: null, signal: null }, error);
    });
    return {
      pid: child.pid,
      send(message, connection) {
        if (child.connected) child.send(message, connection, { keepOpen: false }, () => {});
        else connection?.destroy();
      },
      kill: () => void child.kill('SIGKILL'),
    };
  };
}
