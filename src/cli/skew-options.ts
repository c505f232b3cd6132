import { type Command, InvalidArgumentError, Option } from 'commander';
import { nearest } from '../config/nearest.ts';
import { SEVERITIES, SKEW_CODE_NAMES, SKEW_CODES, type SkewCode } from '../skew/skew-codes.ts';
import type { AdminAccess } from './admin-access.ts';
import { addAdminServerOption } from './admin-options.ts';
import { addSourceOptions, type SourceFlags } from './sources/source-options.ts';

/** The flags of `mvproxy skew`, parsed. */
export interface SkewFlags extends AdminAccess, SourceFlags {
  readonly output: 'text' | 'json' | 'markdown' | 'html';
  readonly all?: boolean | undefined;
  /** '' is the core group. */
  readonly group?: string | undefined;
  readonly storage?: boolean | undefined;
  readonly failOn: FailOn;
}

/** What ends it with exit code 1. */
export interface FailOn {
  readonly codes: readonly SkewCode[];
  /** Those of them that were given as codes, and not with a severity. */
  readonly named: readonly SkewCode[];
}

const NEVER: FailOn = { codes: [], named: [] };

export function addSkewOptions(command: Command): void {
  addAdminServerOption(command);
  addSourceOptions(command);
  command
    .addOption(new Option('--group <GROUP>', 'This API group alone; core is the core group.').argParser(groupName))
    .addOption(new Option('--all', 'Show every resource, not only where servers differ.'))
    .addOption(
      new Option('--storage', 'Also ask servers as which version they write objects: is storage migration safe?'),
    )
    .addOption(
      new Option(
        '--output <FORMAT>',
        'text for people (default), json for programs, markdown for a ticket, html for a page of its own.',
      )
        .choices(['text', 'json', 'markdown', 'html'])
        .default('text'),
    )
    .addOption(
      new Option(
        '--fail-on <FINDINGS>',
        'What to end with exit code 1 for: error, warning (or worse), info (any finding), codes separated by commas, or never (default).',
      )
        .argParser(failOn)
        .default(NEVER, 'never'),
    )
    .addHelpText('after', `\nFindings, the gravest first:\n${meanings()}`)
    .addHelpText(
      'after',
      '\nExit codes: 0 fine, 1 a finding (see --fail-on), 2 wrong usage, 3 no running proxy, or no API server of a context, answers.',
    );
}

/** What a text of `--fail-on` stands for. @throws {InvalidArgumentError} */
function failOn(text: string): FailOn {
  const words = text.split(',').map((word) => word.trim());
  if (words.length === 1 && words[0] === 'never') return NEVER;
  const codes = [...new Set(words.flatMap(codesOf))];
  return { codes, named: codes.filter((code) => words.includes(code)) };
}

function codesOf(word: string): readonly SkewCode[] {
  const severities: readonly string[] = SEVERITIES;
  const severity = severities.indexOf(word);
  if (severity !== -1) {
    return SKEW_CODE_NAMES.filter((code) => SEVERITIES.indexOf(SKEW_CODES[code].severity) <= severity);
  }
  const code = SKEW_CODE_NAMES.find((each) => each === word);
  if (code !== undefined) return [code];
  const meant = nearest(word, [...SEVERITIES, ...SKEW_CODE_NAMES, 'never']);
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  throw new InvalidArgumentError(
    `"${word}" is no finding.${hint} There are ${SEVERITIES.join(', ')}, never, and ${SKEW_CODE_NAMES.join(', ')}.`,
  );
}

function groupName(text: string): string {
  if (/^[a-z0-9.-]+$/.test(text)) return text === 'core' ? '' : text;
  throw new InvalidArgumentError(
    'It must be the name of an API group alone, such as apps or resource.k8s.io; core is the core group.',
  );
}

function meanings(): string {
  return SKEW_CODE_NAMES.map(
    (code) => `  ${code} (${SKEW_CODES[code].severity}): ${SKEW_CODES[code].documentation}`,
  ).join('\n');
}
