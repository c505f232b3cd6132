import type { AcceptedConnection } from '../wire/acceptor.ts';
import type { FromWorker, ListenerName, WorkerAssignment } from './messages.ts';
import type { StartWorker, WorkerExit, WorkerLink } from './worker-link.ts';

export type WorkerState = 'starting' | 'listening' | 'ready' | 'draining' | 'gone';

/** One worker from its start to its end. */
export class Worker {
  readonly slot: number;
  /** When it was started. */
  readonly since: number;
  /** It can serve; never if it ends before. */
  readonly ready: Promise<void>;
  /** It has looked at everything once, and can serve or says what is missing; never if it ends before. */
  readonly settled: Promise<void>;
  readonly exited: Promise<WorkerExit>;
  /** Why requests could not be served, when it last said so. */
  missing: readonly string[] = ['it has not read anything yet'];
  /** Connections that it was sent and has not taken. */
  untaken = 0;
  /** Why it could not even be started. */
  startError: Error | undefined;
  readonly #link: WorkerLink;
  readonly #changed: () => void;
  readonly #ready = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<WorkerExit>();
  #state: WorkerState = 'starting';

  /** `changed` is called when its state is another one, or it can be given more. */
  constructor(start: StartWorker, assignment: WorkerAssignment, now: number, changed: () => void) {
    this.slot = assignment.slot;
    this.since = now;
    this.ready = this.#ready.promise;
    this.settled = this.#settled.promise;
    this.exited = this.#exited.promise;
    this.#changed = changed;
    this.#link = start(assignment, {
      message: (message) => this.#heard(message),
      exited: (exit, error) => {
        this.startError = error;
        this.#become('gone');
        this.#exited.resolve(exit);
      },
    });
  }

  get state(): WorkerState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#link.pid;
  }

  give(listener: ListenerName, connection: AcceptedConnection): void {
    this.untaken += 1;
    this.#link.send({ kind: 'connection', listener }, connection);
  }

  /** Fails its readiness and goes on serving. */
  leave(): void {
    this.#link.send({ kind: 'leave' });
  }

  reload(): void {
    this.#link.send({ kind: 'reload' });
  }

  /** It gets no more connections, finishes what is open and ends; after `patienceMs` it is ended. */
  async drain(patienceMs: number): Promise<WorkerExit> {
    if (this.#state !== 'gone') this.#become('draining');
    this.#link.send({ kind: 'drain' });
    const timer = setTimeout(() => this.kill(), patienceMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  kill(): void {
    this.#link.kill();
  }

  #heard(message: FromWorker): void {
    switch (message.kind) {
      case 'taken':
        this.untaken -= 1;
        this.#changed();
        return;
      case 'listening':
        if (this.#state === 'starting') this.#become('listening');
        return;
      case 'settled':
        this.missing = message.missing;
        this.#settled.resolve();
        if (message.missing.length > 0) return;
        this.#ready.resolve();
        if (this.#state === 'listening') this.#become('ready');
    }
  }

  #become(state: WorkerState): void {
    this.#state = state;
    this.#changed();
  }
}
