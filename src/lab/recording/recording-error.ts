/** A recording that is missing or cannot be used; the message names the file or server, the problem and what to do. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly code = 'MVP_RECORDING';
}
