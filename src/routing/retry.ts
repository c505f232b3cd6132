/** What is known about a failed attempt when it is asked whether another one is safe. */
export interface FailedAttempt {
  readonly method: string;
  /** `no`: the server proved, or could not but have, not acted on the request. */
  readonly processed: 'no' | 'unknown';
  /** The request has no body, or all that was read of it is still held. */
  readonly replayable: boolean;
}

/**
 * Product rule, section 6: a request is repeated only if it cannot have been executed, or if it is a GET or HEAD whose
 * answer nobody has seen a byte of (the caller asks only in that case).
 */
export function isSafeToRetry({ method, processed, replayable }: FailedAttempt): boolean {
  if (!replayable) return false;
  return processed === 'no' || method === 'GET' || method === 'HEAD';
}
