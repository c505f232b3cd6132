import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadMessage, LoadOptions, LoadOrder } from './load/program.ts';
import type { Report } from './load/tally.ts';

const PROGRAM = fileURLToPath(new URL('./load/program.ts', import.meta.url));

/** The clients, in a process of their own that ends with this one. */
export class SoakLoad {
  readonly #child: ChildProcess;
  #failure: Error | undefined;

  constructor(options: LoadOptions) {
    this.#child = fork(PROGRAM, [JSON.stringify(options)]);
    this.#child.setMaxListeners(100);
    this.#child.once('exit', (code, signal) => {
      this.#failure = new Error(`the clients of the bench ended (${code ?? signal})`);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  set rate(rate: number) {
    this.#order({ kind: 'rate', rate });
  }

  start(): void {
    this.#order({ kind: 'start' });
  }

  /** Resolves when everything has ended. */
  async quiet(): Promise<void> {
    const answered = this.#next('quiet');
    this.#order({ kind: 'quiet' });
    await answered;
  }

  async report(): Promise<Report> {
    const answered = this.#next('report');
    this.#order({ kind: 'report' });
    const { report } = await answered;
    return report;
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #order(order: LoadOrder): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#child.send(order);
  }

  #next<K extends LoadMessage['kind']>(kind: K): Promise<Extract<LoadMessage, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(this.#failure ?? new Error('the clients of the bench ended'));
      const onMessage = (message: LoadMessage): void => {
        if (message.kind !== kind) return;
        this.#child.off('message', onMessage);
        this.#child.off('exit', onExit);
        resolve(message as Extract<LoadMessage, { kind: K }>);
      };
      this.#child.on('message', onMessage);
      this.#child.once('exit', onExit);
    });
  }
}
