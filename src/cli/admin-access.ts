import { ConfigurationError, formatProblem } from '../config/problem.ts';
import { fetchFrom } from '../wire/fetch.ts';
import { fieldValue } from '../wire/fields.ts';
import { openUpstream } from '../wire/upstream-pool.ts';
import { FlagFiles } from './flag-files.ts';
import { EXIT, type ExitCode } from './io.ts';
import { printableLines } from './printable.ts';

/** How a command reaches the admin listener of a running proxy, parsed. */
export interface AdminAccess {
  /** `http://` on the proxy's machine or `https://`, without a slash at the end. */
  readonly adminServer: string;
  /** Files, PEM; only with https, and needed there. */
  readonly adminCertificateAuthority?: string | undefined;
  readonly adminClientCertificate?: string | undefined;
  readonly adminClientKey?: string | undefined;
}

export interface AdminResponse {
  readonly status: number;
  /** '' where there is none. */
  readonly contentType: string;
  readonly body: string;
}

/** The admin listener could not be asked, or refused the question; the message says what to do. */
export class AdminRequestError extends Error {
  override readonly name = 'AdminRequestError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(printableLines(message));
    this.exitCode = exitCode;
  }
}

/** A skew matrix of a large cluster has some megabytes. */
const MAX_BYTES = 256 * 1024 * 1024;
const CONNECTIONS = { pingIntervalMs: 30_000, pingTimeoutMs: 10_000, maxConnections: 1, onEvent: undefined };

/**
 * GET of `target`, in JSON. Rejects with what went wrong below HTTP, and when the answer is longer than `maxBytes`.
 * @throws {AdminRequestError} where the flags cannot be used
 */
export async function askAdminListener(
  access: AdminAccess,
  target: string,
  timeoutMs: number,
  maxBytes = MAX_BYTES,
): Promise<AdminResponse> {
  const { adminServer } = access;
  if (adminServer.startsWith('https:')) return askOverTls(access, { target, timeoutMs, maxBytes });
  if (access.adminClientCertificate ?? access.adminClientKey ?? access.adminCertificateAuthority) {
    throw unusable(`${FLAGS} are for an admin listener that speaks HTTPS, but --admin-server is ${adminServer}.`);
  }
  const response = await fetch(`${adminServer}${target}`, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const contentType = response.headers.get('content-type') ?? '';
  return { status: response.status, contentType, body: await boundedText(response, maxBytes) };
}

async function boundedText({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (bytes > maxBytes) throw new Error(`its answer is longer than ${maxBytes} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function askOverTls(
  access: AdminAccess,
  asked: { readonly target: string; readonly timeoutMs: number; readonly maxBytes: number },
): Promise<AdminResponse> {
  const { hostname, port } = new URL(access.adminServer);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const upstream = openUpstream({
    ...CONNECTIONS,
    ...(await credentials(access)),
    host,
    port: port === '' ? 443 : Number(port),
    servername: host,
    connectTimeoutMs: asked.timeoutMs,
  });
  try {
    const fields = ['accept', 'application/json', 'user-agent', 'mixed-version-proxy'];
    const { status, fields: answered, body } = await fetchFrom(upstream, { method: 'GET', fields, ...asked });
    return { status, contentType: fieldValue(answered, 'content-type') ?? '', body: body.toString('utf8') };
  } finally {
    await upstream.close(0);
  }
}

const FLAGS = '--admin-certificate-authority, --admin-client-certificate and --admin-client-key';

async function credentials({
  adminCertificateAuthority,
  adminClientCertificate,
  adminClientKey,
}: AdminAccess): Promise<{
  readonly ca: string;
  readonly certificate: { readonly cert: string; readonly key: string };
}> {
  if (adminCertificateAuthority === undefined || adminClientCertificate === undefined || adminClientKey === undefined) {
    throw unusable(
      `An admin listener that speaks HTTPS needs ${FLAGS}: the CA of the proxy's serving certificate, and a certificate of its --admin-client-ca-file.`,
    );
  }
  const files = new FlagFiles(process.cwd());
  try {
    return {
      ca: await files.authority({ flag: 'admin-certificate-authority', file: adminCertificateAuthority }),
      certificate: await files.keyPair(
        { flag: 'admin-client-certificate', file: adminClientCertificate },
        { flag: 'admin-client-key', file: adminClientKey },
      ),
    };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw unusable(error.problems.map((problem) => `${formatProblem(problem)}.`).join('\n'));
  }
}

function unusable(message: string): AdminRequestError {
  return new AdminRequestError(message, EXIT.usage);
}
