import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { completionText } from '../../src/cli/completion/completion-text.ts';
import { completions } from '../../src/cli/completion/completions.ts';
import { SHELL_SCRIPTS, type Shell } from '../../src/cli/completion/shell-scripts.ts';
import { commandLine } from '../../src/cli/main.ts';
import { capturedIo } from '../../src/cli/testing/captured-io.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const run = promisify(execFile);
const programs = fileURLToPath(new URL('../../bin/', import.meta.url));

interface Installed {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

async function directoryWith(t: TestContext, commands: Readonly<Record<string, string>>): Promise<Installed> {
  const directory = await temporaryDirectory(t);
  const bin = join(directory, 'bin');
  await mkdir(bin);
  await mkdir(join(directory, 'pki'));
  await writeFile(join(directory, 'proxy.yaml'), '');
  for (const [name, script] of Object.entries(commands)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}`);
    await chmod(join(bin, name), 0o755);
  }
  const PATH = `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
  return { directory, environment: { ...process.env, PATH, HOME: directory, LC_ALL: 'C.UTF-8' } };
}

/** The commands as installing the package puts them on the PATH, beside the file `proxy.yaml` and the directory `pki`. */
function install(t: TestContext): Promise<Installed> {
  // Under its installed name the file would have no suffix, by which Node knows that it is TypeScript.
  const started = (name: string, file: string) =>
    `exec '${process.execPath}' -e 'process.argv.splice(1, 0, "/bin/${name}"); import("${join(programs, file)}")' -- "$@"\n`;
  return directoryWith(t, {
    'kubectl-mvproxy': started('kubectl-mvproxy', 'mvproxy.ts'),
    'kubectl_complete-mvproxy': started('kubectl_complete-mvproxy', 'kubectl-complete.ts'),
  });
}

const { program } = commandLine(['node', 'mvproxy'], capturedIo());

/** `mvproxy __complete` that knows the answers to these words alone, so that no shell is right with others. */
function answering(t: TestContext, questions: readonly (readonly string[])[]): Promise<Installed> {
  const cases = questions.map((words) => {
    const answer = completionText(completions(program, words));
    return `'${words.join('|')}') printf %s '${answer.replaceAll("'", "'\\''")}' ;;\n`;
  });
  const joined = 'shift; words=$1; shift; for word; do words="$words|$word"; done';
  return directoryWith(t, { mvproxy: `${joined}\ncase $words in\n${cases.join('')}*) exit 1 ;;\nesac\n` });
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** What a shell offers at the end of a command line. */
type Ask = (installed: Installed, line: string) => Promise<string[]>;

/** As readline calls it, with words parted at = and : too. */
const askBash: Ask = async ({ directory, environment }, line) => {
  const script = `${SHELL_SCRIPTS.bash}
compopt() { :; }
COMP_LINE=$1 COMP_POINT=\${#1}
COMP_WORDS=() rest=$1
while [[ $rest =~ ^[[:space:]]*([^[:space:]=:]+|[=:]+)(.*)$ ]]; do COMP_WORDS+=("\${BASH_REMATCH[1]}"); rest=\${BASH_REMATCH[2]}; done
[[ $1 == *[[:space:]] ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_mvproxy
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['--norc', '-c', script, 'bash', line], { cwd: directory, env: environment });
  return lines(stdout);
};

/** What the function hands to zsh's own, which would draw it. */
const askZsh: Ask = async ({ directory, environment }, line) => {
  const script = `compdef() { :; }
compset() { [[ $words[CURRENT] == *=* ]] && PREFIX=\${words[CURRENT]#*=}; }
_files() { print -l -- \${PREFIX}*(N); }
_describe() { local name=$4; [[ $1 == -t ]] && print -l -- "\${(@P)name}"; }
${SHELL_SCRIPTS.zsh}
words=("\${(@s: :)1}") CURRENT=\${#words} PREFIX=$words[CURRENT]
_mvproxy`;
  const { stdout } = await run('zsh', ['-f', '-c', script, 'zsh', line], { cwd: directory, env: environment });
  return lines(stdout).map((each) => each.replace(/(?<!\\):.*$/, '').replaceAll('\\:', ':'));
};

/** The real thing: fish completes a line for whoever asks. */
const askFish: Ask = async ({ directory, environment }, line) => {
  const script = `source completion.fish; complete -C ${JSON.stringify(line)}`;
  await writeFile(join(directory, 'completion.fish'), SHELL_SCRIPTS.fish);
  const { stdout } = await run('fish', ['--no-config', '-c', script], { cwd: directory, env: environment });
  return lines(stdout).map((each) => each.replace(/\t.*$/, ''));
};

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

/** Bash replaces only what is behind the equals sign. */
interface Case {
  readonly line: string;
  readonly words: readonly string[];
  readonly inBash?: readonly string[];
}

const CASES: readonly Case[] = [
  { line: 'mvproxy expl', words: ['explain'] },
  { line: 'mvproxy lab re', words: ['rehearse', 'record'] },
  { line: 'mvproxy explain GET /api --user', words: ['--user-agent='] },
  { line: 'mvproxy explain --output=j', words: ['--output=json'], inBash: ['json'] },
  { line: 'mvproxy explain --output ', words: ['text', 'json'] },
  {
    line: 'mvproxy explain --output=',
    words: ['--output=text', '--output=json'],
    inBash: ['text', 'json'],
  },
  { line: 'mvproxy explain --admin-server=http://127.0.0.1:6444 GE', words: ['GET'] },
  { line: 'mvproxy serve --config prox', words: ['proxy.yaml'] },
  { line: 'mvproxy serve --config=prox', words: ['--config=proxy.yaml'], inBash: ['proxy.yaml'] },
  { line: 'mvproxy verify ', words: [] },
];

const SHELLS: readonly { readonly shell: Exclude<Shell, 'powershell'>; readonly ask: Ask }[] = [
  { shell: 'bash', ask: askBash },
  { shell: 'zsh', ask: askZsh },
  { shell: 'fish', ask: askFish },
];

for (const { shell, ask } of SHELLS) {
  const skip = isInstalled(shell) ? false : `${shell} is not installed`;
  test(`${shell} offers what the commands have`, { skip }, async (t) => {
    const installed = await answering(
      t,
      CASES.map(({ line }) => line.split(' ').slice(1)),
    );
    const asked = CASES.map(async ({ line, words, inBash }) => {
      const inZsh = shell === 'zsh' && inBash !== undefined && line.includes('--config=');
      const expected = (shell === 'bash' || inZsh ? inBash : undefined) ?? words;
      assert.deepEqual((await ask(installed, line)).toSorted(), expected.toSorted(), line);
    });
    await Promise.all(asked);
  });
}

/** The versions of kubectl on this machine that know of completion for plug-ins. */
async function kubectls(): Promise<string[]> {
  const directories = [
    join(homedir(), '.cache/mixed-version-proxy/bin'),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const found = new Map<string, string>();
  for (const directory of directories) {
    for (const name of await readdir(directory).catch(() => [])) {
      const minor = Number(/^kubectl[-.]1[.](\d+)(?:[.]\d+)?$/.exec(name)?.[1] ?? 0);
      if (minor >= 26) found.set(String(minor), join(directory, name));
    }
  }
  return [...found].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, path]) => path);
}

const installedKubectls = await kubectls();
const guide = await readFile(new URL('../../docs/command-line.md', import.meta.url), 'utf8');
const commands = [...guide.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'));

test('kubectl finds the plug-in, passes its flags through, and completes them', {
  skip: installedKubectls.length === 0 && 'no kubectl is installed; npm run control-plane:programs builds some',
}, async (t) => {
  const { directory, environment } = await install(t);
  for (const kubectl of new Set([installedKubectls.at(0) ?? '', installedKubectls.at(-1) ?? ''])) {
    const ask = async (...words: readonly string[]) =>
      (await run(kubectl, words, { cwd: directory, env: environment })).stdout;
    const [plugins = '', help = '', offers = '', ...others] = await Promise.all(
      commands.map(async (command) => {
        const script = `kubectl() { '${kubectl}' "$@"; }; ${command}`;
        return (await run('bash', ['-euc', script], { cwd: directory, env: environment })).stdout;
      }),
    );
    assert.deepEqual(others, []);
    assert.match(plugins, /kubectl-mvproxy/, kubectl);
    assert.match(help, /^Usage: kubectl mvproxy explain \[options\] <method> <path>/, kubectl);
    assert.match(offers, /^explain\tSay how a URL is read/, kubectl);
    const usage = ask('mvproxy', 'explain', 'GET', '--output=yaml', '/api');
    await assert.rejects(
      usage,
      ({ code, stderr }) => code === 2 && /Run "kubectl mvproxy explain --help"/.test(stderr),
    );

    const formats = await ask('__complete', 'mvproxy', 'explain', '--output=');
    assert.deepEqual(formats.split('\n').slice(0, 3), ['--output=text', '--output=json', ':4']);
  }
  t.diagnostic(installedKubectls.join(' '));
});

test('bash completes a line that somebody types', {
  skip: !isInstalled('script') && 'script(1) is not installed',
}, async (t) => {
  const { directory, environment } = await answering(t, [
    ['expl'],
    ['explain', 'G'],
    ['explain', 'GET', '/api', '--output=j'],
  ]);
  await writeFile(
    join(directory, 'rc'),
    `${SHELL_SCRIPTS.bash}
PS1='ready> '
bind 'set bell-style none'
mvproxy() { if [[ $1 == __complete ]]; then command mvproxy "$@"; else echo "asked: $*"; fi; }
`,
  );
  const keys = 'mvproxy expl\tG\t/api --output=j\t\nexit\n';
  const child = spawnSync('script', ['-qec', 'bash --noprofile --rcfile rc -i', '/dev/null'], {
    cwd: directory,
    env: environment,
    input: keys,
    encoding: 'utf8',
  });
  assert.match(child.stdout, /asked: explain GET \/api --output=json/);
});
