import { ConnectionError, type ErrorCode, errorCodeName } from '../error-code.ts';

/** For `assert.throws`: the connection ends with this error (RFC 9113 section 5.4.1). */
export function breaks(code: keyof typeof ErrorCode): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof ConnectionError)) throw error;
    return errorCodeName(error.errorCode) === code;
  };
}
