import { type Command, Option } from 'commander';
import { type AdminFlags, addAdminOptions } from './admin-options.ts';
import { addSourceOptions, type SourceFlags } from './sources/source-options.ts';

/** The flags of `mvproxy explain`, parsed. */
export interface ExplainFlags extends AdminFlags, SourceFlags {
  readonly server?: string | undefined;
  readonly userAgent?: string | undefined;
}

export function addExplainOptions(command: Command): void {
  addAdminOptions(command);
  addSourceOptions(command);
  command.addOption(
    new Option('--server <NAME>', 'As for a client of this server, and what the server serves here by itself.'),
  );
  command.addOption(
    new Option('--user-agent <TEXT>', 'As for a client with this User-Agent, for example kubectl/v1.37.2.'),
  );
  command.addHelpText(
    'after',
    `
A running proxy tells the same of a live request in a response header, if it was started with --explain-header:
  curl -si -H 'X-Mvproxy-Explain: 1' https://PROXY/api/v1/pods | grep -i '^x-mvproxy-explain'

Exit codes: 0 fine, 2 wrong usage, 3 no running proxy, or no API server of a context, answers.`,
  );
}
