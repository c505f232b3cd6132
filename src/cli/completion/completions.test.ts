import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandLine, run } from '../main.ts';
import { capturedIo } from '../testing/captured-io.ts';
import { completionText } from './completion-text.ts';
import { completions } from './completions.ts';

const { program } = commandLine(['node', 'mvproxy'], capturedIo());

/** The words that are offered, or which files. */
function offered(line: string): readonly string[] | string {
  const found = completions(program, line.split(' '));
  return found.kind === 'words' ? found.words.map(({ value }) => value) : found.kind;
}

function offers(line: string, ...words: readonly string[]): void {
  const found = offered(line);
  assert.ok(Array.isArray(found), `${found}`);
  for (const word of words) assert.ok(found.includes(word), `${word} is not among ${found.join(' ')}`);
}

test('commands come first, and below a command its own', () => {
  offers('', 'serve', 'lab', 'explain', 'verify', 'status', 'completion', 'help', 'version');
  assert.deepEqual(offered('expl'), ['explain']);
  assert.deepEqual(offered('lab re'), ['rehearse', 'record']);
  assert.deepEqual(offered('nonsense'), []);
});

test('help offers what it helps with', () => {
  offers('help ', 'serve', 'lab');
  assert.deepEqual(offered('help lab reh'), ['rehearse']);
});

test('flags are those of the command at hand, with an equals sign where a value follows', () => {
  assert.deepEqual(offered('explain GET /x --user'), ['--user-agent=']);
  assert.deepEqual(offered('serve --check'), ['--check-config']);
  assert.deepEqual(offered('explain --check'), []);
  offers('lab record --', '--kubeconfig=');
  offers('-', '--help', '--version');
});

test('values of flags are offered behind the equals sign and as a word of their own', () => {
  assert.deepEqual(offered('explain --output=j'), ['--output=json']);
  assert.deepEqual(offered('explain --output j'), ['json']);
  assert.deepEqual(offered('serve --admin-enabled=f'), ['--admin-enabled=false']);
  assert.deepEqual(offered('serve --writes='), ['--writes=any', '--writes=newest', '--writes=oldest']);
  assert.deepEqual(offered('lab --front b'), ['built-in']);
});

test('the word behind a value is an argument again', () => {
  assert.deepEqual(offered('explain --server old P'), ['POST', 'PUT', 'PATCH']);
  assert.deepEqual(offered('explain --server=old G'), ['GET']);
  assert.deepEqual(offered('explain GET P'), [], 'the path is the second one');
});

test('files are left to the shell', () => {
  assert.equal(offered('serve --config '), 'files');
  assert.equal(offered('serve --config=/etc'), 'files');
  assert.equal(offered('serve --tls-cert-file='), 'files');
  assert.equal(offered('lab --kube-apiserver 1.34.4=/usr'), 'files');
  assert.deepEqual(offered('lab --kube-apiserver 1.3'), []);
});

test('behind -- nothing is a flag, and what nobody knows offers nothing', () => {
  assert.deepEqual(offered('explain -- G'), ['GET']);
  assert.deepEqual(offered('explain -- --o'), []);
  assert.deepEqual(offered('serve --no-such-flag='), []);
  assert.deepEqual(offered('verify '), []);
});

test('every flag of every command can be completed', () => {
  const visit = (command: typeof program, path: readonly string[]): void => {
    for (const { long, hidden } of command.options) {
      if (long === undefined || long === null || hidden) continue;
      const found = offered([...path, long].join(' '));
      assert.ok(
        Array.isArray(found) && found.some((word) => word.replace('=', '') === long),
        [...path, long].join(' '),
      );
    }
    for (const each of command.commands) visit(each, [...path, each.name()]);
  };
  visit(program, []);
});

test('shells and kubectl read words with descriptions and a directive', async () => {
  assert.equal(completionText({ kind: 'files' }), ':0\n');
  assert.equal(completionText({ kind: 'directories' }), ':16\n');
  assert.equal(completionText({ kind: 'words', words: [], open: false }), ':4\n');
  const io = capturedIo();
  assert.equal(await run(['node', 'mvproxy', '__complete', 'explain', '--admin-s'], io), 0);
  assert.match(io.out, /^--admin-server=\tAdmin listener of the running proxy [^\n]*\n:6\n$/);
  assert.equal(io.err, '');
});

test('a shell that is not known is refused with those that are', async () => {
  const io = capturedIo();
  assert.equal(await run(['node', 'mvproxy', 'completion', 'tcsh'], io), 2);
  assert.match(io.err, /Allowed choices are bash, zsh, fish, powershell/);
});
