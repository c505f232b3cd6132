import type { Command } from 'commander';
import { commandLine } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';

/** What one command says of itself. */
export interface CommandFacts {
  /** With the program: `mvproxy lab record`. */
  readonly name: string;
  readonly description: string;
  /** What follows the name. */
  readonly usage: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly arguments: readonly { readonly name: string; readonly description: string }[];
  /** By group, in the order of the help. */
  readonly options: ReadonlyMap<string, readonly { readonly flags: string; readonly description: string }[]>;
  /** Paragraphs behind all that; '' without any. */
  readonly after: string;
}

/** The program and all its commands, in the order of the help. */
export function commandFacts(): CommandFacts[] {
  const io = capturedIo();
  const { program } = commandLine(['node', 'mvproxy'], io);
  const visit = (command: Command, path: readonly string[]): CommandFacts[] => [
    factsOf(command, path, io),
    ...command.commands.flatMap((each) => visit(each, [...path, each.name()])),
  ];
  return visit(program, ['mvproxy']);
}

function factsOf(command: Command, path: readonly string[], io: { readonly out: string }): CommandFacts {
  const help = command.createHelp();
  const before = io.out.length;
  command.outputHelp();
  const after = io.out.slice(before + command.helpInformation().length).trim();
  return {
    name: path.join(' '),
    description: command.description(),
    usage: command.usage(),
    commands: help
      .visibleCommands(command)
      .map((each) => ({ name: help.subcommandTerm(each), description: help.subcommandDescription(each) })),
    arguments: command.registeredArguments.map((each) => ({ name: each.name(), description: each.description })),
    options: Map.groupBy(
      help.visibleOptions(command).map(({ flags, description, helpGroupHeading }) => ({
        flags,
        description,
        group: helpGroupHeading?.replace(/:$/, '') ?? 'Options',
      })),
      ({ group }) => group,
    ),
    after,
  };
}
