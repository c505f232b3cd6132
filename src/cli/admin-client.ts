import { EXIT, type ExitCode } from './io.ts';

/** The admin listener could not be asked, or refused the question; the message says what to do. */
export class AdminRequestError extends Error {
  override readonly name = 'AdminRequestError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** `verify` asks servers that may hang, which takes the proxy some seconds to find out. */
const TIMEOUT_MS = 30_000;

/**
 * Reads one page of the admin listener at `base` as JSON text. The caller knows the page's shape.
 * @throws {AdminRequestError}
 */
export async function readAdminPage(
  base: string,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  let response: Response;
  let body: string;
  try {
    response = await fetch(`${base}${path}?${new URLSearchParams(Object.fromEntries(given))}`, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    body = await response.text();
  } catch (error) {
    throw new AdminRequestError(unreachable(base, error), EXIT.unreachable);
  }
  const isJson = response.headers.get('content-type') === 'application/json';
  if (response.ok && isJson) return body;
  const refusal = isJson ? refusalIn(body) : undefined;
  if (refusal !== undefined) throw new AdminRequestError(refusal, EXIT.usage);
  throw new AdminRequestError(
    `What answers at ${base} does not have ${path} (status ${response.status}). It is no admin listener of mvproxy, or one of another version.`,
    EXIT.unreachable,
  );
}

function unreachable(base: string, error: unknown): string {
  const reason = reasonOf(error);
  return `No running proxy answers at ${base} (${reason}). "mvproxy serve" prints its admin address when it is ready ("mvproxy ready: serving …, admin …") and listens on loopback only, so run this command on its machine; --admin-server names another address.`;
}

/** fetch hides what happened below the error it throws. */
function reasonOf(error: unknown): string {
  let deepest = error;
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && current.code === 'ECONNREFUSED') return 'nothing listens there';
    if (current.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
    deepest = current;
  }
  return deepest instanceof Error ? deepest.message : String(deepest);
}

function refusalIn(body: string): string | undefined {
  const parsed: unknown = JSON.parse(body);
  if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return undefined;
  const { error } = parsed;
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
  return typeof error.message === 'string' ? error.message : undefined;
}
