import type { Argument, Command, Option } from 'commander';

export interface Candidate {
  /** The whole word, as it stands when it is chosen. */
  readonly value: string;
  /** One line. */
  readonly description: string;
}

/** What may follow. */
export type Completions =
  /** `open`: more belongs to the word, so that no space follows it. */
  | { readonly kind: 'words'; readonly words: readonly Candidate[]; readonly open: boolean }
  /** The shell knows them. */
  | { readonly kind: 'files' | 'directories' };

const NOTHING: Completions = { kind: 'words', words: [], open: false };
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/**
 * What may stand for the last of `words`, which follow the name of the program and of which the last is '' when a new word
 * begins. All of it comes from the commands themselves, so that nothing is offered that they would refuse.
 */
export function completions(program: Command, words: readonly string[]): Completions {
  const current = words.at(-1) ?? '';
  const { command, position, pending, isPastOptions } = reached(program, words.slice(0, -1));
  if (pending !== undefined) return values(pending, '', current);
  if (current.startsWith('-') && !isPastOptions) {
    const equals = current.indexOf('=');
    if (equals < 0) return fitting(optionWords(command), current);
    const option = optionOf(command, current.slice(0, equals));
    return option === undefined ? NOTHING : values(option, current.slice(0, equals + 1), current);
  }
  const commands = position === 0 ? commandWords(command) : [];
  if (commands.length > 0) return fitting(commands, current);
  const argument =
    command.registeredArguments[position] ?? command.registeredArguments.findLast((each) => each.variadic);
  return argument === undefined ? NOTHING : argumentValues(argument, current);
}

interface Reached {
  readonly command: Command;
  /** Arguments given to it so far. */
  readonly position: number;
  /** The word to come is the value of this option. */
  readonly pending: Option | undefined;
  readonly isPastOptions: boolean;
}

function reached(program: Command, words: readonly string[]): Reached {
  let command = program;
  let position = 0;
  let pending: Option | undefined;
  let isPastOptions = false;
  let isHelp = false;
  for (const word of words) {
    if (pending !== undefined) pending = undefined;
    else if (word === '--') isPastOptions = true;
    else if (word.startsWith('-') && !isPastOptions) {
      // Of an optional value nobody knows that it is one before it is there; those of ours follow an equals sign.
      const option = word.includes('=') ? undefined : optionOf(command, word);
      if (option?.required) pending = option;
    } else {
      const next = position === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (next !== undefined) command = next;
      else if (word === 'help' && position === 0 && command.commands.length > 0 && !isHelp) isHelp = true;
      else position++;
    }
  }
  return { command, position, pending, isPastOptions };
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command
    .createHelp()
    .visibleOptions(command)
    .find(({ long, short }) => long === flag || short === flag);
}

function optionWords(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, required, description }) =>
      long === undefined ? [] : [{ value: required ? `${long}=` : long, description: firstSentence(description) }],
    );
}

function commandWords(command: Command): Candidate[] {
  if (command.commands.length === 0) return [];
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: firstSentence(each.description()) }));
}

/** `prefix`: what of the word precedes the value. */
function values({ argChoices, flags }: Option, prefix: string, current: string): Completions {
  const value = current.slice(prefix.length);
  const [, name = ''] = /[<[](.*)[\]>]/.exec(flags) ?? [];
  const listed = argChoices ?? (/^[a-z0-9.-]+(?:[|][a-z0-9.-]+)+$/.test(name) ? name.split('|') : undefined);
  if (listed !== undefined) return choices(listed, prefix, current);
  if (/(?:^|=)(?:FILE|PATH)$/.test(name)) {
    // Of VERSION=PATH the first half is no path.
    return name.includes('=') && !value.includes('=') ? NOTHING : { kind: 'files' };
  }
  return /^DIR(?:ECTORY)?$/.test(name) ? { kind: 'directories' } : NOTHING;
}

function argumentValues(argument: Argument, current: string): Completions {
  if (argument.argChoices !== undefined) return choices(argument.argChoices, '', current);
  switch (argument.name()) {
    case 'method':
      return choices(METHODS, '', current);
    case 'file':
      return { kind: 'files' };
    case 'directory':
      return { kind: 'directories' };
    default:
      return NOTHING;
  }
}

function choices(all: readonly string[], prefix: string, current: string): Completions {
  const words = all.map((choice) => ({ value: `${prefix}${choice}`, description: '' }));
  return fitting(words, current);
}

function fitting(all: readonly Candidate[], current: string): Completions {
  const words = all.filter(({ value }) => value.startsWith(current));
  return { kind: 'words', words, open: words.length > 0 && words.every(({ value }) => value.endsWith('=')) };
}

function firstSentence(text: string): string {
  return (/^.*?[.](?= |$)/.exec(text)?.[0] ?? text).replaceAll(/\s+/g, ' ').replace(/[.]$/, '');
}
