import { changesForRestart } from '../config/changes.ts';
import type { Configuration } from '../config/schema.ts';
import type { Logger } from '../observe/logger.ts';

/** Says once which fields of a changed configuration wait for a restart. */
export class RestartWarning {
  readonly #logger: Logger;
  #said = '';

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** `next` was read while `present` holds. */
  compare(present: Configuration, next: Configuration): void {
    const fields = changesForRestart(present, next).join(', ');
    if (fields !== '' && fields !== this.#said) {
      const text = 'the configuration file changed in fields that need a restart; they keep their values until then';
      this.#logger.warn(text, { fields });
    }
    this.#said = fields;
  }
}
