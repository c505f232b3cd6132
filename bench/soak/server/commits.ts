import { openSync, writeSync } from 'node:fs';

/**
 * What a server has executed, a number a line. It is written before the answer is, so that it is known of a server that was
 * killed as well.
 */
export class CommitLog {
  readonly #file: number;

  constructor(file: string) {
    this.#file = openSync(file, 'a');
  }

  add(id: number): void {
    writeSync(this.#file, `${id}\n`);
  }
}
