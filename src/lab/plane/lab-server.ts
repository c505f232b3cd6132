import type { GroupVersionResource } from '../api-object.ts';

/** What an operator, or an accident, can do to one API server of a lab. */
export type LabServerState = 'stopped' | 'starting' | 'ready' | 'draining' | 'hung';

/** One API server of a lab, embedded or a real kube-apiserver. It keeps its address over restarts and upgrades. */
export interface LabServer {
  readonly name: string;
  /** Of the program that runs, or would run after `start`: `1.34.4`. */
  readonly version: string;
  /** `https://127.0.0.1:PORT`, past every front. */
  readonly url: string;
  readonly state: LabServerState;
  /** Runs it, as another version if `version` is given. `delayMs` keeps it from becoming ready before (slow start). Resolves when it is ready. */
  start(options?: { readonly version?: string; readonly delayMs?: number }): Promise<void>;
  /** As SIGTERM: `/readyz` fails first, then open requests end. Resolves when it is gone. */
  stop(): Promise<void>;
  /** As SIGKILL: connections break at once. */
  kill(): Promise<void>;
  /** As SIGSTOP: connections stay, nothing is answered. */
  hang(): void;
  /** As SIGCONT. */
  resume(): void;
  /**
   * Lets it deny a type that it lists, until it is started again; undefined ends that. Absent: it is a real kube-apiserver,
   * which does so only when something is wrong with it.
   */
  deny?(type: GroupVersionResource | undefined): void;
}
