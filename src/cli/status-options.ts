import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AdminFlags, addAdminOptions } from './admin-options.ts';
import { commaSeparated } from './option-values.ts';
import { STATUS_FINDINGS, type StatusFindingCode } from './status-findings.ts';

/** The flags of `mvproxy status`, parsed. */
export interface StatusFlags extends AdminFlags {
  /** Seconds between two readings; absent: one reading. */
  readonly watch?: number | undefined;
  /** Findings that end it with exit code 1. */
  readonly failOn: readonly StatusFindingCode[];
}

const CODES = Object.keys(STATUS_FINDINGS).filter(isCode);

export function addStatusOptions(command: Command): void {
  addAdminOptions(command);
  command
    .addOption(
      new Option(
        '--watch [SECONDS]',
        'Go on, every second or so often: on a terminal in place, elsewhere a line each. Ends at a finding of --fail-on.',
      )
        .argParser(interval)
        .preset('1'),
    )
    .addOption(
      new Option(
        '--fail-on <FINDINGS>',
        `What to end with exit code 1 for, separated by commas: ${CODES.join(', ')}, any, or never (default).`,
      )
        .argParser(findings)
        .default([], 'never'),
    )
    .addHelpText('after', `\nFindings:\n${meanings()}`)
    .addHelpText(
      'after',
      '\nExit codes: 0 fine, 1 a finding (see --fail-on), 2 wrong usage, 3 no running proxy answers.',
    );
}

function interval(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0.2 && value <= 3600)) {
    throw new InvalidArgumentError('It must be a number of seconds from 0.2 to 3600.');
  }
  return value;
}

function findings(text: string): readonly StatusFindingCode[] {
  if (text === 'never') return [];
  if (text === 'any') return CODES;
  return commaSeparated(text).map((name) => {
    if (isCode(name)) return name;
    throw new InvalidArgumentError(`There is no finding "${name}". There are ${CODES.join(', ')}, any and never.`);
  });
}

function meanings(): string {
  const width = Math.max(...CODES.map((code) => code.length));
  return CODES.map((code) => `  ${code.padEnd(width)}  ${STATUS_FINDINGS[code]}`).join('\n');
}

function isCode(name: string): name is StatusFindingCode {
  return Object.hasOwn(STATUS_FINDINGS, name);
}
