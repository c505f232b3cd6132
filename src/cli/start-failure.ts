import { ConfigurationError } from '../config/problem.ts';
import { ProxyError } from '../errors.ts';
import { EXIT, type ExitCode } from './io.ts';

export interface StartFailure {
  readonly exitCode: ExitCode;
  /** For the operator. */
  readonly message: string;
}

/** What a daemon that did not start means to the operator and to the shell. */
export function describeStartFailure(error: unknown): StartFailure {
  if (error instanceof ConfigurationError || (error instanceof ProxyError && error.code === 'MVP_CONFIG')) {
    return { exitCode: EXIT.usage, message: error.message };
  }
  const system = systemError(error);
  const message = error instanceof Error ? error.message : String(error);
  if (system === undefined) return { exitCode: EXIT.failed, message: `mvproxy could not start: ${message}` };
  const advice = ADVICE[system];
  return {
    exitCode: EXIT.unreachable,
    message: `mvproxy could not start: ${message}${advice === undefined ? '' : `; ${advice}`}`,
  };
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has this port, end it or choose another one with --secure-port or --admin-port',
  EADDRNOTAVAIL:
    'this machine does not have that address, choose another one with --bind-address or --admin-bind-address',
  EACCES: 'this user may not use that port, choose one above 1023 with --secure-port or --admin-port',
};

const NETWORK_CODES = new Set([
  ...Object.keys(ADVICE),
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);

function systemError(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'string' && NETWORK_CODES.has(current.code)) return current.code;
  }
  return undefined;
}
