import type { ExitCode } from '../io.ts';
import { printableLines } from '../printable.ts';

/** Facts that a command was to be answered from could not be had; the message says what to do. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(printableLines(message));
    this.exitCode = exitCode;
  }
}
