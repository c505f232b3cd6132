import { type CommandFacts, commandFacts } from './command-facts.ts';
import { anchor, code, page, table } from './markdown.ts';

/** `commands.md`: every command with what it takes. */
export function commandsPage(): string {
  const [program, ...commands] = commandFacts();
  return page(
    '# Commands',
    'Generated from the commands themselves in `src/cli`; edit those, then run the generator in `tools/reference`.',
    [
      'Installed as `kubectl-mvproxy` all of them are also `kubectl mvproxy …`, see [command line](../command-line.md).',
      'The same text is in `mvproxy help COMMAND` and in the manual pages, `man mvproxy` and `man mvproxy-COMMAND`.',
    ].join('\n'),
    table(
      ['Command', 'Does'],
      [program, ...commands].flatMap((each) =>
        each === undefined || each === program
          ? []
          : [[`[${code(each.name)}](#${anchor(each.name)})`, each.description]],
      ),
    ),
    ...commands.flatMap(section),
  );
}

function section(facts: CommandFacts): string[] {
  const { name, description, usage, after } = facts;
  return [
    `## ${name}`,
    description,
    `\`\`\`\n${name} ${usage}\n\`\`\``,
    ...(facts.arguments.length === 0
      ? []
      : [
          table(
            ['Argument', 'What it is'],
            facts.arguments.map((each) => [code(each.name), each.description]),
          ),
        ]),
    ...(name === 'mvproxy serve' ? ['Its flags have [a page of their own](flags.md).'] : [options(facts)]),
    ...(after === '' ? [] : [`\`\`\`text\n${after}\n\`\`\``]),
  ];
}

function options(facts: CommandFacts): string {
  const rows = [...facts.options.values()].flat().map(({ flags, description }) => [code(flags), description]);
  return table(['Flag', 'What it is'], rows);
}
