import { ConfigurationError, formatProblem } from '../../config/problem.ts';
import { parseServerVersion, type ServerVersion } from '../../kubernetes/kube-version.ts';
import { fetchDiscovery } from '../../servers/discovery/discovery-fetch.ts';
import { DiscoveryFetchError } from '../../servers/discovery/discovery-fetch-error.ts';
import type { DiscoveryFetchOptions } from '../../servers/discovery/discovery-fetch-options.ts';
import { FetchError, type FetchFailureReason, fetchFrom } from '../../wire/fetch.ts';
import type { Upstream } from '../../wire/upstream.ts';
import { type CliIo, EXIT } from '../io.ts';
import { openServer, type ServerAccess, serverAccess } from '../server-access.ts';
import type { DocumentServer } from './document-server.ts';
import { SourceError } from './source-error.ts';

const TIMEOUT_MS = 10_000;
/** Bytes of one answer. */
const MAX_BYTES = 64 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;

/** The way to the API server of one context. */
export interface ContextAccess extends ServerAccess {
  readonly context: string;
}

/** @throws {SourceError} when the kubeconfig, or the context in it, cannot be used */
export async function contextAccess(
  context: string,
  kubeconfig: string | undefined,
  io: Pick<CliIo, 'directory' | 'environment'>,
): Promise<ContextAccess> {
  try {
    const access = await serverAccess({ context, kubeconfig }, io.directory, io.environment.KUBECONFIG);
    return { ...access, context };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const problems = error.problems.map((problem) => `\n  ${formatProblem(problem)}`).join('');
    throw new SourceError(EXIT.usage, `The context "${context}" cannot be used:${problems}`);
  }
}

export interface OpenContext {
  readonly server: DocumentServer;
  close(): Promise<void>;
}

/**
 * Reads what the API server of a context serves, as the user of the context. Its connection stays open for further
 * questions until `close`.
 *
 * @throws {SourceError} when it cannot be reached, refuses or is no API server
 */
export async function openContext(access: ContextAccess): Promise<OpenContext> {
  const { upstream, fields } = openServer(access, CONNECT_TIMEOUT_MS);
  const options: DiscoveryFetchOptions = { upstream, fields, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES };
  const close = () => upstream.close(0);
  try {
    const { discovery } = await fetchDiscovery(options, undefined);
    const version = await readVersion(options);
    const ask = (target: string, accept: string) => get(upstream, target, [...fields, 'accept', accept]);
    const origin = { kind: 'context', url: access.server, readAt: performance.now(), ask } as const;
    return { server: { name: access.context, version, discovery, origin }, close };
  } catch (error) {
    await close();
    throw new SourceError(EXIT.unreachable, failure(access, error));
  }
}

/** Undefined where the server does not tell: that explains less, and no more. */
async function readVersion({ upstream, fields }: DiscoveryFetchOptions): Promise<ServerVersion | undefined> {
  const { status, body } = await get(upstream, '/version', [...fields, 'accept', 'application/json']);
  if (status !== 200) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    const told = typeof value === 'object' && value !== null && 'gitVersion' in value ? value.gitVersion : undefined;
    return typeof told === 'string' ? parseServerVersion(told) : undefined;
  } catch {
    return undefined;
  }
}

function get(upstream: Upstream, target: string, fields: readonly string[]) {
  return fetchFrom(upstream, { method: 'GET', target, fields, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
}

const UNREACHABLE: Partial<Readonly<Record<FetchFailureReason, string>>> = {
  refused: 'nothing listens there; check that the server runs and that the kubeconfig has its address',
  timeout:
    'it does not answer in time; check that the server runs and that nothing in between drops what is sent there',
  name: 'its host name is not known; check the address in the kubeconfig',
  tls: 'it could not prove that it is the server that the kubeconfig names; check certificate-authority and tls-server-name there',
  protocol: 'what listens there does not speak TLS and HTTP as an API server does; check the address in the kubeconfig',
};

/** What happened, what it means and what to do. */
function failure({ context, server }: ContextAccess, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof FetchError) {
    const reason = UNREACHABLE[error.reason];
    const detail = reason === undefined ? message : `${reason} (${message})`;
    return `The API server of the context "${context}", ${server}, cannot be read: ${detail}.`;
  }
  const status = error instanceof DiscoveryFetchError ? error.status : 0;
  if (status === 401) {
    return `The API server of the context "${context}", ${server}, does not accept the credentials of the context (401): the certificate or token has expired, or is of another cluster. Get new ones, or name another context.`;
  }
  if (status === 403) {
    return `The API server of the context "${context}", ${server}, does not let the user of the context read API discovery (403): bind the ClusterRole system:discovery to this user, or name another context.`;
  }
  if (status >= 500) {
    return `The API server of the context "${context}", ${server}, cannot tell at the moment what it serves: ${message}. Ask it for /readyz?verbose, and try again when it is ready.`;
  }
  return `What answers at ${server}, which the context "${context}" names, is not a Kubernetes API server: ${message}. Check the address in the kubeconfig.`;
}
