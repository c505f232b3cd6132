import { type Command, InvalidArgumentError, Option } from 'commander';

/** The flags of every command that reads from a running proxy, parsed. */
export interface AdminFlags {
  /** Without a slash at the end. */
  readonly adminServer: string;
  readonly output: 'text' | 'json';
}

const DEFAULT_ADMIN_SERVER = 'http://127.0.0.1:6444';

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
}

function adminServer(text: string): string {
  const url = URL.parse(/^\w+:\/\//.test(text) ? text : `http://${text}`);
  if (url === null || url.protocol !== 'http:' || url.pathname !== '/' || url.search !== '') {
    throw new InvalidArgumentError(`It must be like ${DEFAULT_ADMIN_SERVER}: plain HTTP, address and port only.`);
  }
  return url.origin;
}
