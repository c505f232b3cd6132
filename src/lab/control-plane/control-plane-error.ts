/** Stable codes of everything that can go wrong while a control plane is started or stopped. */
export type ControlPlaneErrorCode =
  | 'BadUsage'
  | 'DirectoryNotEmpty'
  | 'ProgramMissing'
  | 'WrongProgram'
  | 'ProcessNotStarted'
  | 'ProcessExited'
  | 'NotReady'
  | 'RequestFailed';

/** Says in its message what happened, what that means and what to do about it. */
export class ControlPlaneError extends Error {
  override readonly name = 'ControlPlaneError';
  readonly code: ControlPlaneErrorCode;

  constructor(code: ControlPlaneErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
