import type { Logger } from '../../../src/observe/logger.ts';

/** Keeps what is worth an operator's attention. */
export class LogLines {
  readonly complaints: string[] = [];
  readonly logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: (message, fields = {}) => this.#keep(message, fields),
    error: (message, fields = {}) => this.#keep(message, fields),
  };

  #keep(message: string, fields: Readonly<Record<string, unknown>>): void {
    this.complaints.push(
      `${message} ${JSON.stringify(fields, (_key, value) => (value instanceof Error ? String(value) : value))}`,
    );
  }
}
