import { reports } from '../reports/index.ts';
import { FetchError } from '../wire/fetch.ts';
import { type AdminAccess, AdminRequestError, type AdminResponse, askAdminListener } from './admin-access.ts';
import { EXIT } from './io.ts';

/** `verify` asks servers that may hang, which takes the proxy some seconds to find out. */
const TIMEOUT_MS = 30_000;

/**
 * Reads one page of the admin listener as JSON text, which has the shape that the page's report says.
 * @throws {AdminRequestError}
 */
export async function readAdminPage(
  access: AdminAccess,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const base = access.adminServer;
  let response: AdminResponse;
  try {
    const target = `${path}?${new URLSearchParams(Object.fromEntries(given))}`;
    response = await askAdminListener(access, target, TIMEOUT_MS);
  } catch (error) {
    if (error instanceof AdminRequestError) throw error;
    throw new AdminRequestError(unreachable(base, error), EXIT.unreachable);
  }
  const { status, contentType, body } = response;
  const isJson = contentType === 'application/json';
  const value = isJson ? parsed(body) : undefined;
  if (status === 200 && value !== undefined) {
    const unlike = unlikeReport(path, value);
    if (unlike === undefined) return body;
    throw new AdminRequestError(
      `What answers at ${base} says something else at ${path} than this mvproxy reads there (${unlike}). ${STRANGER}`,
      EXIT.unreachable,
    );
  }
  const refusal = refusalIn(value);
  if (refusal !== undefined) {
    throw new AdminRequestError(refusal, status >= 500 ? EXIT.unreachable : EXIT.usage);
  }
  throw new AdminRequestError(
    `What answers at ${base} does not have ${path} (status ${status}). ${STRANGER}`,
    EXIT.unreachable,
  );
}

const STRANGER =
  'It is no admin listener of mvproxy, or one of another version: --admin-server names another address, "mvproxy version" this version.';

/** Where the value is no report of the page; undefined when it is one. What a newer proxy says beside it does no harm. */
function unlikeReport(path: string, value: unknown): string | undefined {
  const schema = reports.find((report) => report.path === path)?.schema;
  const issues = schema?.safeParse(value).error?.issues ?? [];
  const issue = issues.find(({ code }) => code !== 'unrecognized_keys');
  return issue === undefined ? undefined : [issue.path.join('.'), issue.message].filter(Boolean).join(': ');
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function unreachable(base: string, error: unknown): string {
  const reason = reasonOf(error);
  return `No running proxy answers at ${base} (${reason}). "mvproxy serve" prints its admin address when it is ready ("mvproxy ready: serving …, admin …") and listens on loopback unless it is told otherwise, so run this command on its machine; --admin-server names another address.`;
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'nothing listens there'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'its host name is not known'],
  [/^(ECONNRESET|UND_ERR_SOCKET)$/, 'what listens there hangs up'],
  [/^HTTPParserError$/, 'what listens there does not speak HTTP'],
  // fetch keeps away from ports that are known for other protocols (WHATWG Fetch section 2.9).
  [
    /^bad port$/,
    'nobody sends HTTP to this port, which is known for another protocol; give the proxy another --admin-port',
  ],
];

/** fetch hides what happened below the error it throws. */
function reasonOf(error: unknown): string {
  if (error instanceof FetchError) return error.message;
  let deepest = error;
  for (let current = error; current instanceof Error; current = current.cause) {
    const said = ['code' in current ? String(current.code) : '', current.name, current.message];
    const reason = REASONS.find(([pattern]) => said.some((text) => pattern.test(text)));
    if (reason !== undefined) return reason[1];
    if (current.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
    deepest = current;
  }
  return deepest instanceof Error ? deepest.message : String(deepest);
}

function refusalIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('error' in value)) return undefined;
  const { error } = value;
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
  return typeof error.message === 'string' ? error.message : undefined;
}
