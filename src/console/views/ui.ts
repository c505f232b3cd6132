import type { Reader } from '../browser/reader.ts';
import type { Action, ConsoleState } from '../model/state.ts';

/** What every view is given. */
export interface Ui {
  readonly state: ConsoleState;
  dispatch(action: Action): void;
  /** Shows another place without a new entry in the browser's history: filters change with every letter. */
  go(href: string): void;
  readonly reader: Reader;
  /** Tries at once to reach a lost proxy. */
  retry(): void;
}
