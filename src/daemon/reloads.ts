import { UnprovenError } from './proven-registry.ts';

/** Between two attempts to reach a server with what was read; each opens a few connections to every server. */
const AGAIN_MS = 10_000;

/**
 * Reloads of files, one after the other: a signal and a changed directory often come together. Files that only no server was
 * reached with are tried again by themselves: a server may have been busy for a moment, or gets its new certificate later.
 */
export class Reloads {
  readonly #reload: () => Promise<void>;
  readonly #failed: () => void;
  #last: Promise<void> = Promise.resolve();
  #again: NodeJS.Timeout | undefined;
  #isStopped = false;
  #errors = 0;

  /** `reload` rejects, and has changed nothing, when what was read cannot be used; `failed` is told so once for each change. */
  constructor(reload: () => Promise<void>, failed: () => void) {
    this.#reload = reload;
    this.#failed = failed;
  }

  /** Reloads that failed since the start, repeated ones as well. */
  get errors(): number {
    return this.#errors;
  }

  /** Rejects as `reload` does. */
  now(): Promise<void> {
    return this.#next(this.#failed);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#again);
  }

  #next(failed: () => void): Promise<void> {
    const result = this.#last.then(() => this.#run(failed));
    this.#last = result.catch(() => {});
    return result;
  }

  async #run(failed: () => void): Promise<void> {
    clearTimeout(this.#again);
    try {
      await this.#reload();
    } catch (error) {
      this.#errors++;
      failed();
      if (error instanceof UnprovenError && !this.#isStopped) {
        this.#again = setTimeout(() => this.#repeat(), AGAIN_MS).unref();
      }
      throw error;
    }
  }

  /** Whoever changed the files has been told why they are not in use. */
  #repeat(): void {
    this.#next(() => {}).catch(() => {});
  }
}
