import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AdminAccess } from './admin-access.ts';

/** The flags of every command that reads from a running proxy, parsed. */
export interface AdminFlags extends AdminAccess {
  readonly output: 'text' | 'json';
}

/** What says which running proxy is asked, and how; none of it goes with another source. */
export const ADMIN_ACCESS_OPTIONS: readonly (keyof AdminAccess)[] = [
  'adminServer',
  'adminCertificateAuthority',
  'adminClientCertificate',
  'adminClientKey',
];

const DEFAULT_ADMIN_SERVER = 'http://127.0.0.1:6444';

const CERTIFICATES = [
  ['admin-certificate-authority', 'CA of the admin listener, PEM; for an https --admin-server.'],
  ['admin-client-certificate', 'Certificate with which to ask an https --admin-server, PEM.'],
  ['admin-client-key', 'Private key of that certificate, PEM.'],
] as const;

export function addAdminOptions(command: Command): void {
  addAdminServerOption(command);
  command.addOption(
    new Option('--output <FORMAT>', 'text for people (default), json for programs.')
      .choices(['text', 'json'])
      .default('text'),
  );
}

export function addAdminServerOption(command: Command): void {
  command.addOption(
    new Option('--admin-server <URL>', `Admin listener of the running proxy (default ${DEFAULT_ADMIN_SERVER}).`)
      .argParser(adminServer)
      .default(DEFAULT_ADMIN_SERVER),
  );
  for (const [flag, what] of CERTIFICATES) command.addOption(new Option(`--${flag} <FILE>`, what));
}

function adminServer(text: string): string {
  const url = URL.parse(/^\w+:\/\//.test(text) ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '') {
    throw new InvalidArgumentError(
      `It must be like ${DEFAULT_ADMIN_SERVER} or https://cp-1.example:6444: address and port only.`,
    );
  }
  return url.origin;
}
