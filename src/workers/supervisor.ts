import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../observe/logger.ts';
import { type AcceptedConnection, type Acceptor, openAcceptor } from '../wire/acceptor.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { ListenPlace } from '../wire/listening-sockets.ts';
import { Distribution } from './distribution.ts';
import type { WorkerAssignment } from './messages.ts';
import { roll, type Seat } from './roll.ts';
import { Worker } from './worker.ts';
import { exitText, type StartWorker, type WorkerExit } from './worker-link.ts';

export interface SupervisorOptions {
  /** How many workers. */
  readonly count: number;
  readonly serving: ListenPlace;
  /** Worker k's admin listener has this port + k; 0 takes any free one. */
  readonly admin: ListenPlace | undefined;
  readonly startWorker: StartWorker;
  readonly times: SupervisorTimes;
  readonly logger: Logger;
}

/** Milliseconds. */
export interface SupervisorTimes {
  /** Between the failing of readiness and the end of listening. */
  readonly delayMs: number;
  /** How long a worker that drains may take before it is ended. */
  readonly drainMs: number;
  /** How long a new worker may take to become ready before its predecessor stays. */
  readonly readyMs: number;
  /** Pause before a worker that died is replaced; doubles up to `mostPauseMs` while it dies again and again. */
  readonly pauseMs: number;
  readonly mostPauseMs: number;
}

/** A worker that lived that long did not die of the same as the one before. */
const LONG_LIFE_MS = 60_000;

interface Slot {
  readonly index: number;
  readonly serving: Acceptor;
  readonly admin: Acceptor | undefined;
  readonly adminDistribution: Distribution;
  current: Worker | undefined;
  /** Workers in a row that died young. */
  deaths: number;
}

/** A worker ended before it could serve for the first time. */
export class WorkerStartError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number, cause: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/**
 * Holds the listening sockets, which is all it does itself, and keeps workers that serve what it accepts. The sockets stay
 * open whatever becomes of the workers: connections wait until there is one.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: Slot[] = [];
  readonly #distribution: Distribution;
  readonly #stopping = new AbortController();
  readonly #startFailed = Promise.withResolvers<never>();
  #serving: Acceptor | undefined;
  #isStarted = false;
  #rolling: Promise<boolean> | undefined;
  /** Everything that runs, draining ones and candidates included. */
  readonly #running = new Set<Worker>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#distribution = new Distribution(
      () => this.#slots.flatMap(({ current }) => current ?? []),
      (worker, connection) => worker.give('serving', connection),
    );
    this.#startFailed.promise.catch(() => {});
  }

  get serving(): Endpoint | undefined {
    return this.#serving;
  }

  get admin(): readonly Endpoint[] {
    return this.#slots.flatMap(({ admin }) => admin ?? []);
  }

  /**
   * Listens, starts the workers and resolves when all of them have settled. Rejects when it cannot listen, and with
   * WorkerStartError when a worker ends before it could take connections. Starts none, and listens no more, when it was
   * stopped meanwhile.
   */
  async start(): Promise<void> {
    const { count, serving, admin } = this.#options;
    const { signal } = this.#stopping;
    const acceptor = await openAcceptor(serving, (connection) => this.#distribution.accept(connection));
    this.#serving = acceptor;
    while (!signal.aborted && this.#slots.length < count) {
      this.#slots.push(await this.#openSlot(this.#slots.length, admin, acceptor));
    }
    if (signal.aborted) {
      this.#closeServing();
      this.#closeAdmin();
      return;
    }
    for (const slot of this.#slots) this.#employ(slot, this.#launch(slot));
    const settled = Promise.all(this.#slots.map(({ current }) => current?.settled));
    await Promise.race([settled, this.#startFailed.promise]);
    this.#isStarted = true;
  }

  reload(): void {
    for (const worker of this.#running) worker.reload();
  }

  /**
   * Replaces the workers one after the other: a new one that is ready takes the place of the old one, which drains. One that
   * does not become ready is given up, and everything that is not replaced yet stays. Returns whether all were replaced.
   */
  async roll(): Promise<boolean> {
    const { logger } = this.#options;
    if (!this.#isStarted) {
      logger.warn('the workers are still starting, from the program as it is now; none is replaced');
      return false;
    }
    if (this.#rolling !== undefined) {
      logger.warn('the workers are being replaced already; ask again when the log says that they were');
      return false;
    }
    const seats = this.#slots.map(
      (slot): Seat => ({
        slot: slot.index,
        current: () => slot.current,
        launch: () => this.#launch(slot),
        employ: (worker) => {
          slot.deaths = 0;
          this.#employ(slot, worker);
        },
      }),
    );
    this.#rolling = roll(seats, { times: this.#options.times, logger, stopping: this.#stopping.signal });
    try {
      return await this.#rolling;
    } finally {
      this.#rolling = undefined;
    }
  }

  /** Fails readiness everywhere, goes on for the delay, then stops listening and drains all workers. */
  async stop(): Promise<void> {
    const { delayMs, drainMs } = this.#options.times;
    this.#stopping.abort();
    for (const worker of this.#running) worker.leave();
    if (delayMs > 0 && this.#running.size > 0) await delay(delayMs);
    this.#closeServing();
    await Promise.all([...this.#running].map((worker) => worker.drain(drainMs)));
    this.#closeAdmin();
  }

  /** Ends everything at once. */
  abandon(): void {
    this.#stopping.abort();
    this.#closeServing();
    this.#closeAdmin();
    for (const worker of this.#running) worker.kill();
  }

  #closeServing(): void {
    this.#serving?.close();
    this.#distribution.close();
  }

  #closeAdmin(): void {
    for (const { admin, adminDistribution } of this.#slots) {
      admin?.close();
      adminDistribution.close();
    }
  }

  async #openSlot(index: number, admin: ListenPlace | undefined, serving: Acceptor): Promise<Slot> {
    const holder: { slot?: Slot } = {};
    const distribution = new Distribution(
      () => (holder.slot?.current === undefined ? [] : [holder.slot.current]),
      (worker, connection) => worker.give('admin', connection),
    );
    const place = admin === undefined ? undefined : { ...admin, port: admin.port === 0 ? 0 : admin.port + index };
    const acceptor =
      place && (await openAcceptor(place, (connection: AcceptedConnection) => distribution.accept(connection)));
    const slot: Slot = {
      index,
      serving,
      admin: acceptor,
      adminDistribution: distribution,
      current: undefined,
      deaths: 0,
    };
    holder.slot = slot;
    return slot;
  }

  #assignment({ index, serving, admin }: Slot): WorkerAssignment {
    const others = this.#slots.filter((each) => each.index !== index);
    return {
      slot: index,
      serving: endpoint(serving),
      admin: admin && endpoint(admin),
      otherAdmins: others.flatMap((each) => (each.admin === undefined ? [] : [endpoint(each.admin)])),
    };
  }

  #launch(slot: Slot): Worker {
    const worker: Worker = new Worker(this.#options.startWorker, this.#assignment(slot), performance.now(), () => {
      this.#distribution.workersChanged();
      slot.adminDistribution.workersChanged();
    });
    this.#options.logger.info('a worker was started', { worker: worker.slot, pid: worker.pid });
    this.#running.add(worker);
    void worker.exited.then(() => this.#running.delete(worker));
    return worker;
  }

  /** From now on `worker` serves the slot; when it dies another one does. */
  #employ(slot: Slot, worker: Worker): void {
    slot.current = worker;
    this.#distribution.workersChanged();
    slot.adminDistribution.workersChanged();
    let hasListened = false;
    void worker.settled.then(() => {
      hasListened = true;
    });
    void worker.exited.then((exit) => {
      if (slot.current !== worker || this.#stopping.signal.aborted) return;
      slot.current = undefined;
      if (this.#isStarted || hasListened) this.#replaceDead(slot, worker, exit);
      else this.#startFailed.reject(startError(worker, exit));
    });
  }

  #replaceDead(slot: Slot, worker: Worker, exit: WorkerExit): void {
    const { logger, times } = this.#options;
    slot.deaths = performance.now() - worker.since < LONG_LIFE_MS ? slot.deaths + 1 : 1;
    const pauseMs = Math.min(times.mostPauseMs, times.pauseMs * 2 ** (slot.deaths - 1));
    logger.error('a worker ended unexpectedly, its connections are lost; another one is started', {
      worker: worker.slot,
      pid: worker.pid,
      ...exit,
      error: worker.startError,
      pauseMs,
    });
    const { signal } = this.#stopping;
    void delay(pauseMs, undefined, { signal }).then(
      () => {
        // A roll may have been quicker.
        if (slot.current === undefined) this.#employ(slot, this.#launch(slot));
      },
      () => {},
    );
  }
}

function startError(worker: Worker, exit: WorkerExit): WorkerStartError {
  const why = worker.startError === undefined ? exitText(exit) : worker.startError.message;
  const message = `worker ${worker.slot} ended before it could serve (${why}); what it said stands above`;
  return new WorkerStartError(message, exit.code ?? 1, worker.startError);
}

function endpoint({ host, port }: Acceptor): Endpoint {
  return { host, port };
}
