/** Stable codes of what can go wrong while a program is built. */
export type BuildErrorCode = 'GoMissing' | 'BuildFailed';

/** Says in its message what happened, what that means and what to do about it. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly code: BuildErrorCode;

  constructor(code: BuildErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
