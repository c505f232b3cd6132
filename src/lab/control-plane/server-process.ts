import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createWriteStream, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlPlaneError } from './control-plane-error.ts';
import { holdEventLoop } from './event-loop.ts';
import type { Reaper } from './reaper.ts';
import { elapsed, type Reporter } from './reporter.ts';

const POLL_MS = 25;
/** Generous because a machine that also runs a build starts a kube-apiserver many times slower. */
const READY_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 60_000;
const LOG_LINES_IN_ERRORS = 15;

/** Life of a process; `exited` is an end that nobody asked for. */
export type ProcessState =
  | { readonly state: 'stopped' }
  | { readonly state: 'running'; readonly pid: number }
  | { readonly state: 'paused'; readonly pid: number }
  | ({ readonly state: 'exited' } & ProcessExit);

/** Exactly one of the two is not null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What every process of a control plane needs besides its own options. */
export interface ProcessContext {
  readonly name: string;
  /** Gets standard output and standard error of every run, appended. */
  readonly logFile: string;
  readonly reaper: Reaper;
  readonly report: Reporter;
}

/** How to run a program. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<ProcessExit>;
}

/** A real process that can be started, stopped, killed, frozen and started again at the same address. */
export abstract class ServerProcess {
  readonly name: string;
  readonly logFile: string;
  readonly #reaper: Reaper;
  readonly #report: Reporter;
  #state: ProcessState = { state: 'stopped' };
  #run: Run | undefined;
  #starting = false;
  #startCancelled = false;

  constructor({ name, logFile, reaper, report }: ProcessContext) {
    this.name = name;
    this.logFile = logFile;
    this.#reaper = reaper;
    this.#report = report;
  }

  /** Called for every start, so that a restart may run another version. */
  protected abstract launch(): Launch | Promise<Launch>;

  /** Asks the process itself whether it serves. */
  protected abstract isReady(): Promise<boolean>;

  /** Gets each line of standard output when a subclass overrides `readsOutput` with true. */
  protected onOutput(_line: string): void {}

  protected get readsOutput(): boolean {
    return false;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /**
   * Runs the program and resolves once it is ready to serve.
   *
   * @throws {ControlPlaneError} `ProcessNotStarted`, `ProcessExited` or `NotReady`, with the last lines of the log.
   */
  async start(): Promise<void> {
    if (this.#run !== undefined) return;
    const started = performance.now();
    this.#starting = true;
    this.#startCancelled = false;
    try {
      const launch = await this.launch();
      this.#throwIfCancelled();
      await this.#spawn(launch);
      await this.#untilReady(started);
    } finally {
      this.#starting = false;
    }
    this.#holdEventLoop(false);
  }

  /**
   * Sends `signal` and resolves with how the process ended, or with nothing when none was running. A process that
   * ignores the signal for a minute is killed.
   */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProcessExit | undefined> {
    this.#startCancelled = true;
    const run = this.#run;
    if (run === undefined) return undefined;
    this.#holdEventLoop(true);
    if (this.#state.state === 'paused') this.#send('SIGCONT');
    this.#state = { state: 'stopped' };
    this.#send(signal);
    const timer = setTimeout(() => this.#send('SIGKILL'), STOP_TIMEOUT_MS);
    const exit = await run.ended;
    clearTimeout(timer);
    return exit;
  }

  /** The end of a crash or a power cut: connections break, nothing is said goodbye to. */
  async kill(): Promise<void> {
    await this.stop('SIGKILL');
  }

  /** Ends the process if it runs and starts it again at the same address. */
  async restart(signal?: NodeJS.Signals): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  /** Freezes the process: connections are still accepted by the kernel, nothing is answered. */
  pause(): void {
    if (this.#state.state !== 'running') return;
    this.#send('SIGSTOP');
    this.#state = { state: 'paused', pid: this.#state.pid };
  }

  resume(): void {
    if (this.#state.state !== 'paused') return;
    this.#send('SIGCONT');
    this.#state = { state: 'running', pid: this.#state.pid };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #untilReady(started: number): Promise<void> {
    while (!(await this.isReady())) {
      if (this.#state.state === 'exited') {
        throw await this.#failure('ProcessExited', `${this.name} ended before it was ready (${this.#ending()})`);
      }
      this.#throwIfCancelled();
      if (performance.now() - started > READY_TIMEOUT_MS) {
        const failure = await this.#failure('NotReady', `${this.name} was not ready after ${elapsed(started)}`);
        await this.kill();
        throw failure;
      }
      await delay(POLL_MS);
    }
  }

  #throwIfCancelled(): void {
    if (!this.#startCancelled) return;
    throw new ControlPlaneError('ProcessExited', `${this.name} was stopped while it was starting.`);
  }

  async #spawn({ command, args }: Launch): Promise<void> {
    const log = openSync(this.logFile, 'a');
    // A group of its own keeps the terminal's Ctrl-C away from it: the order in which processes end is ours to choose.
    const child = spawn(command, args, { stdio: ['ignore', this.readsOutput ? 'pipe' : log, log], detached: true });
    closeSync(log);
    if (child.pid === undefined) {
      const [cause] = await once(child, 'error');
      throw this.#notStarted(command, cause);
    }
    this.#reaper.watch(child.pid);
    this.#state = { state: 'running', pid: child.pid };
    const ended = new Promise<ProcessExit>((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ended(child, { code, signal });
        resolve({ code, signal });
      });
    });
    this.#run = { child, ended };
    this.#readOutput(child);
  }

  #readOutput(child: ChildProcess): void {
    if (child.stdout === null) return;
    const log = createWriteStream(this.logFile, { flags: 'a' });
    createInterface({ input: child.stdout })
      .on('line', (line) => {
        log.write(`${line}\n`);
        this.onOutput(line);
      })
      .once('close', () => log.end());
  }

  #ended(child: ChildProcess, exit: ProcessExit): void {
    if (this.#run?.child !== child) return;
    this.#run = undefined;
    if (child.pid !== undefined) this.#reaper.forget(child.pid);
    if (this.#state.state === 'stopped') return;
    this.#state = { state: 'exited', ...exit };
    if (!this.#starting) this.#reportCrash().catch(() => {});
  }

  async #reportCrash(): Promise<void> {
    this.#report(
      (await this.#failure('ProcessExited', `${this.name} ended without being asked to (${this.#ending()})`)).message,
    );
  }

  #ending(): string {
    if (this.#state.state !== 'exited') return this.#state.state;
    return this.#state.signal === null ? `exit code ${this.#state.code}` : `signal ${this.#state.signal}`;
  }

  #notStarted(command: string, cause: Error): ControlPlaneError {
    const message = `${this.name} could not be started: ${cause.message}. Check that ${command} is a program for this machine.`;
    return new ControlPlaneError('ProcessNotStarted', message, { cause });
  }

  async #failure(code: 'ProcessExited' | 'NotReady', what: string): Promise<ControlPlaneError> {
    const text = await readFile(this.logFile, 'utf8').catch(() => '');
    const lines = text.trimEnd().split('\n').slice(-LOG_LINES_IN_ERRORS);
    return new ControlPlaneError(code, `${what}. Its log ${this.logFile} ends with:\n  ${lines.join('\n  ')}`);
  }

  #send(signal: NodeJS.Signals): void {
    this.#run?.child.kill(signal);
  }

  /** A test that forgets to stop its control plane must end all the same; the reaper ends the processes then. */
  #holdEventLoop(hold: boolean): void {
    const child = this.#run?.child;
    holdEventLoop(child, hold);
    holdEventLoop(child?.stdout, hold);
  }
}
