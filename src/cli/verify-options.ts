import { type Command, Option } from 'commander';
import { type AdminFlags, addAdminOptions } from './admin-options.ts';
import { addSourceOptions, type SourceFlags } from './sources/source-options.ts';

/** The flags of `mvproxy verify`, parsed. */
export interface VerifyFlags extends AdminFlags, SourceFlags {
  readonly failOn: FailOn;
}

export type FailOn = 'not-surfaced' | 'remarks' | 'never';

export function addVerifyOptions(command: Command): void {
  addAdminOptions(command);
  addSourceOptions(command);
  command.addOption(
    new Option(
      '--fail-on <FINDING>',
      'What to end with exit code 1 for: not-surfaced (default), remarks (any remark as well), never.',
    )
      .choices(['not-surfaced', 'remarks', 'never'] satisfies FailOn[])
      .default('not-surfaced'),
  );
  command.addHelpText(
    'after',
    '\nExit codes: 0 fine, 1 a finding (see --fail-on), 2 wrong usage, 3 no running proxy, or no API server of a context, answers.',
  );
}
