import type { ExitCode } from '../io.ts';

/** Facts that a command was to be answered from could not be had; the message says what to do. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
