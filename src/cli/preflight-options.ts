import { type Command, InvalidArgumentError, Option } from 'commander';
import type { FlagValues } from '../config/flag-values.ts';
import type { PreflightReport } from '../preflight/preflight-report.ts';
import { ADMIN_ACCESS_OPTIONS, type AdminFlags, addAdminOptions } from './admin-options.ts';
import { addConfigurationOptions } from './serve-options.ts';

/** The flags of `mvproxy preflight`, parsed. */
export interface PreflightFlags extends AdminFlags {
  /** Absent, and without flags of `serve`: a running proxy proves its links. */
  readonly config?: string | undefined;
  readonly to?: string | undefined;
  readonly failOn: PreflightFailOn;
}

export interface PreflightRequest extends PreflightFlags {
  /** Flags of `serve` that were given. */
  readonly configuration: FlagValues;
}

/** Verdicts that end with exit code 1; `warn` includes what could not be proved. */
export type PreflightFailOn = Exclude<PreflightReport['verdict'], 'pass'> | 'never';

export function addPreflightOptions(command: Command): void {
  addAdminOptions(command);
  command
    .addOption(
      new Option(
        '--config <FILE>',
        'Prove the links of this configuration from here, without a running proxy. Flags of serve are taken as well.',
      )
        .conflicts([...ADMIN_ACCESS_OPTIONS])
        .argParser(once),
    )
    .addOption(
      new Option(
        '--to <RELEASE>',
        'Also say what an upgrade to this release changes, and who uses what vanishes: 1.37, 1.37.2; with --config also a directory that "lab record" wrote, or a context.',
      ),
    )
    .addOption(
      new Option('--fail-on <VERDICT>', 'What to end with exit code 1 for: fail (default), warn (and unknown), never.')
        .choices(['fail', 'warn', 'never'] satisfies PreflightFailOn[])
        .default('fail'),
    );
  addConfigurationOptions(command);
  command.addHelpText(
    'after',
    `
Without --config and flags of serve, the running proxy at --admin-server proves its own links.

Exit codes: 0 fine, 1 a finding (see --fail-on), 2 wrong usage or configuration, 3 no running proxy, or a context that cannot be read.`,
  );
}

function once(text: string, earlier: string | undefined): string {
  if (earlier !== undefined) throw new InvalidArgumentError('Give it once.');
  return text;
}
