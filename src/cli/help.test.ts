import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { commandLine } from './main.ts';
import { capturedIo } from './testing/captured-io.ts';

interface Shown {
  readonly path: string;
  readonly command: Command;
  readonly text: string;
}

/** Every command of the program `name` with its whole help. */
function helpOf(name: string): Shown[] {
  const io = capturedIo();
  const { program } = commandLine(['node', name], io);
  const visit = (command: Command, path: readonly string[]): Shown[] => {
    const before = io.out.length;
    command.outputHelp();
    const shown = { path: path.join(' '), command, text: io.out.slice(before) };
    return [shown, ...command.commands.flatMap((each) => visit(each, [...path, each.name()]))];
  };
  return visit(program, [program.name()]);
}

const all = helpOf('mvproxy');

for (const { path, command, text } of all) {
  test(`the help of ${path} has the form of all others`, () => {
    const sentences = [
      command.description(),
      ...command.options.map(({ description }) => description),
      ...command.registeredArguments.map(({ description }) => description),
    ];
    for (const sentence of sentences) assert.match(sentence, /^\S.*[.?]$/s, sentence);
    for (const { flags, description } of command.options) assert.ok(description.length > 10, flags);
    if (path === 'mvproxy') return;
    assert.match(text, /\n\nExit codes: 0 [^\n]*[.]\n$/);
  });
}

test('called as the plug-in, every help names what one types', () => {
  for (const { text } of helpOf('/usr/local/bin/kubectl-mvproxy')) {
    assert.match(text, /^Usage: kubectl mvproxy/);
    const own = text
      .replace(/^.*(?:source|completion).*$/gm, '')
      .replaceAll(/kubectl[-_]?(?:complete-)?[ -]mvproxy/g, '');
    assert.doesNotMatch(own, /^ +mvproxy /m);
  }
});
