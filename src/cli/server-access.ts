import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { readKubeconfig } from '../config/kubeconfig.ts';
import type { Fields } from '../wire/fields.ts';
import type { Upstream } from '../wire/upstream.ts';
import { openUpstream } from '../wire/upstream-pool.ts';
import { FlagFiles, refusedFlag } from './flag-files.ts';

/** How to reach a server that is asked directly; flags with kubectl's names. Files are relative to the working directory. */
export interface ServerAccessFlags {
  /** Default: those of $KUBECONFIG together, else ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  /** Default: the current context. */
  readonly context?: string | undefined;
  /** `https://host:port`; with it no kubeconfig is read. */
  readonly server?: string | undefined;
  /** File of the authority that signs the server's certificate. */
  readonly certificateAuthority?: string | undefined;
  /** Name the server's certificate must contain, if it is not the host of the URL. */
  readonly tlsServerName?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  /** File with a bearer token. */
  readonly tokenFile?: string | undefined;
}

export interface ServerAccess {
  readonly server: string;
  readonly ca: string;
  readonly serverName: string;
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  readonly token: string | undefined;
}

/** Connections to a server, and the fields of every request there. The caller closes it. */
export interface OpenServer {
  readonly upstream: Upstream;
  readonly fields: Fields;
}

const CONNECTIONS = { pingIntervalMs: 30_000, pingTimeoutMs: 10_000, maxConnections: 2, onEvent: undefined };

/** Nothing is dialled before the first request. */
export function openServer(
  { server, ca, serverName, certificate, token }: ServerAccess,
  connectTimeoutMs: number,
): OpenServer {
  const { port } = new URL(server);
  const upstream = openUpstream({
    ...CONNECTIONS,
    host: hostOf(server),
    port: port === '' ? 443 : Number(port),
    servername: serverName,
    ca,
    certificate,
    connectTimeoutMs,
  });
  const authorization = token === undefined ? [] : ['authorization', `Bearer ${token}`];
  return { upstream, fields: ['user-agent', 'mixed-version-proxy', ...authorization] };
}

/** @throws {ConfigurationError} naming the flag or the place in the kubeconfig */
export async function serverAccess(
  flags: ServerAccessFlags,
  directory: string,
  kubeconfigVariable: string | undefined,
): Promise<ServerAccess> {
  if (flags.server !== undefined) return accessOfFlags({ ...flags, server: flags.server }, directory);
  const [first = join(homedir(), '.kube', 'config'), ...others] = (kubeconfigVariable ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((file) => resolve(directory, file));
  const files = flags.kubeconfig === undefined ? ([first, ...others] as const) : resolve(directory, flags.kubeconfig);
  const { server, ca, serverName, certificate, token } = await readKubeconfig(files, flags.context);
  requireAddress('kubeconfig', server);
  if (ca === undefined) {
    throw refusedFlag(
      'kubeconfig',
      `names no certificate-authority for ${server}, without which nothing is sent there; add it to the cluster`,
    );
  }
  return { server, ca, serverName: serverName ?? hostOf(server), certificate, token };
}

async function accessOfFlags(
  flags: ServerAccessFlags & { readonly server: string },
  directory: string,
): Promise<ServerAccess> {
  const { server, certificateAuthority, clientCertificate, clientKey, tokenFile, tlsServerName } = flags;
  requireAddress('server', server);
  if (certificateAuthority === undefined) {
    throw refusedFlag(
      'certificate-authority',
      'is required with --server: nothing is sent to a server that nobody vouches for',
    );
  }
  const files = new FlagFiles(directory);
  const ca = await files.authority({ flag: 'certificate-authority', file: certificateAuthority });
  if ((clientCertificate === undefined) !== (clientKey === undefined)) {
    throw refusedFlag('client-certificate', 'and --client-key must be given together');
  }
  if (clientCertificate === undefined && tokenFile === undefined) {
    throw refusedFlag('token-file', 'or --client-certificate and --client-key must be given with --server');
  }
  return {
    server,
    ca,
    serverName: tlsServerName ?? hostOf(server),
    certificate:
      clientCertificate === undefined || clientKey === undefined
        ? undefined
        : await files.keyPair(
            { flag: 'client-certificate', file: clientCertificate },
            { flag: 'client-key', file: clientKey },
          ),
    token: tokenFile === undefined ? undefined : await bearerToken(files, tokenFile),
  };
}

function requireAddress(flag: string, server: string): void {
  const url = URL.parse(server);
  if (url?.protocol !== 'https:') {
    const whose = flag === 'server' ? '' : `names the server ${server}, which `;
    throw refusedFlag(flag, `${whose}must be the https URL of a server, for example https://10.0.0.1:6443`);
  }
  if (url.pathname === '/') return;
  // Questions would be put to whatever is in front, under paths that are not the server's.
  throw refusedFlag(
    flag,
    `leads to a path of what is in front of servers, ${server}; give the address of the API server itself`,
  );
}

async function bearerToken(files: FlagFiles, file: string): Promise<string> {
  const token = (await files.text({ flag: 'token-file', file })).trim();
  if (/^[!-~]+$/.test(token)) return token;
  throw refusedFlag(
    'token-file',
    `${file} does not hold a bearer token: it is empty or has characters that no header may have`,
  );
}

function hostOf(server: string): string {
  return new URL(server).hostname.replace(/^\[|\]$/g, '');
}
