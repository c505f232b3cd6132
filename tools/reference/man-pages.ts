import { type CommandFacts, commandFacts } from './command-facts.ts';

const SECTION = 1;
const TITLE = 'mixed-version-proxy';

/** File name in `man` → page (man(7)): `mvproxy.1`, and `mvproxy-lab-record.1` of each command. */
export function manPages(version: string): ReadonlyMap<string, string> {
  const all = commandFacts();
  return new Map(all.map((facts) => [`${fileName(facts.name)}.${SECTION}`, manPage(facts, all, version)]));
}

function manPage(facts: CommandFacts, all: readonly CommandFacts[], version: string): string {
  const { name, description, usage, after } = facts;
  const title = fileName(name);
  const lines = [
    `.TH ${quoted(title.toUpperCase())} ${SECTION} "" ${quoted(`${TITLE} ${version}`)} ${quoted(TITLE)}`,
    '.SH NAME',
    text(`${title} - ${description.replace(/[.]$/, '')}`),
    '.SH SYNOPSIS',
    `.B ${text(name)}`,
    text(usage),
    ...entries('COMMANDS', facts.commands),
    ...entries('ARGUMENTS', facts.arguments),
    ...[...facts.options].flatMap(([group, options]) =>
      entries(
        group.toUpperCase(),
        options.map(({ flags, description: what }) => ({ name: flags, description: what })),
      ),
    ),
    ...(after === '' ? [] : ['.SH NOTES', '.nf', ...after.split('\n').map(text), '.fi']),
    '.SH SEE ALSO',
    seeAlso(facts, all),
  ];
  return `${lines.join('\n')}\n`;
}

function entries(
  title: string,
  listed: readonly { readonly name: string; readonly description: string }[],
): readonly string[] {
  if (listed.length === 0) return [];
  return [
    `.SH ${quoted(title)}`,
    ...listed.flatMap((each) => ['.TP', `.B ${text(each.name)}`, text(each.description)]),
  ];
}

/** The page above, and those below. */
function seeAlso({ name }: CommandFacts, all: readonly CommandFacts[]): string {
  const parent = name.slice(0, name.lastIndexOf(' '));
  const near = all.filter((each) => each.name === parent || (each.name.startsWith(`${name} `) && isBelow(each, name)));
  return near.map((each) => `.BR ${text(fileName(each.name))} (${SECTION})`).join(' ,\n');
}

function isBelow(each: CommandFacts, name: string): boolean {
  return !each.name.slice(name.length + 1).includes(' ');
}

function fileName(name: string): string {
  return name.replaceAll(' ', '-');
}

/** Hyphens are meant to be copied, and a line that begins with a dot or apostrophe would be a request. */
function text(line: string): string {
  const escaped = line.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq').replaceAll('"', '\\(dq');
  const ascii = escaped.replace(
    /[^ -~]/gu,
    (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
  );
  return ascii.startsWith('.') ? `\\&${ascii}` : ascii;
}

function quoted(word: string): string {
  return `"${word.replaceAll('-', '\\-')}"`;
}
