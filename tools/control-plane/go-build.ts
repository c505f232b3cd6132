import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Reaper } from '../../src/lab/control-plane/reaper.ts';
import { elapsed, type Reporter } from '../../src/lab/control-plane/reporter.ts';
import { BuildError } from './build-error.ts';
import { goModText, linkerFlags } from './go-module.ts';

const PROGRESS_MS = 30_000;
const LOG_LINES_IN_ERRORS = 15;

/** A command that can be built from published Go modules. */
export interface GoCommand {
  /** For messages, such as "kube-apiserver 1.34.4". */
  readonly title: string;
  readonly module: string;
  readonly version: string;
  /** Import path of the command. */
  readonly command: string;
  /** As in a `GoModule`. */
  readonly needs?: readonly string[];
  /** Of `go build -tags`. */
  readonly tags?: readonly string[];
}

/**
 * Builds `command` with the `go` on PATH and puts the program at `target`, complete or not at all.
 *
 * @throws {BuildError} `BuildFailed` with the last lines `go` printed.
 */
export async function buildGoCommand(command: GoCommand, target: string, report: Reporter): Promise<void> {
  const started = performance.now();
  // Beside the target, so that a rename can put the program there.
  const directory = await mkdtemp(join(dirname(target), '.build-'));
  const program = join(directory, basename(target));
  const reaper = new Reaper(directory);
  report(
    `Building ${command.title} from its Go modules, once; a kube-apiserver takes several minutes on two cores, ` +
      `anything else less. Result: ${target}`,
  );
  const timer = setInterval(
    () => report(`Still building ${command.title}, ${elapsed(started)} so far.`),
    PROGRESS_MS,
  ).unref();
  try {
    const go = new GoRunner(directory, command.title, reaper);
    await writeFile(join(directory, 'go.mod'), 'module control-plane.test/build\n');
    const download = await go.run('mod', 'download', '-json', `${command.module}@v${command.version}`);
    const { GoMod: goModFile }: { GoMod: string } = JSON.parse(download);
    const goMod = await readFile(goModFile, 'utf8');
    const { module: path, version, needs = [], tags = [] } = command;
    await writeFile(join(directory, 'go.mod'), goModText({ path, version, goMod, needs }));
    const flags = command.module === 'k8s.io/kubernetes' ? linkerFlags(command.version) : '-s -w';
    await go.run('build', '-trimpath', '-tags', tags.join(','), '-ldflags', flags, '-o', program, command.command);
    await rename(program, target);
    report(`Built ${command.title} in ${elapsed(started)}.`);
  } finally {
    clearInterval(timer);
    await rm(directory, { recursive: true, force: true });
    reaper.close();
  }
}

class GoRunner {
  readonly #directory: string;
  readonly #title: string;
  readonly #reaper: Reaper;

  constructor(directory: string, title: string, reaper: Reaper) {
    this.#directory = directory;
    this.#title = title;
    this.#reaper = reaper;
  }

  /** Resolves with what `go` printed on standard output. */
  async run(...args: string[]): Promise<string> {
    const child = spawn('go', args, {
      cwd: this.#directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        CGO_ENABLED: '0',
        GOFLAGS: '-mod=mod -buildvcs=false',
        GOWORK: 'off',
        GOTMPDIR: this.#directory,
      },
    });
    const { pid } = child;
    if (pid !== undefined) this.#reaper.watch(pid);
    const [code, output, log] = await Promise.all([exitCode(child), text(child.stdout), text(child.stderr)]);
    if (pid !== undefined) this.#reaper.forget(pid);
    if (code === 0) return output;
    const lines = `${log}${output}`.trimEnd().split('\n').slice(-LOG_LINES_IN_ERRORS);
    throw new BuildError(
      'BuildFailed',
      `${this.#title} could not be built: "go ${args[0]}" ended with code ${code}. Check that this version exists, that ` +
        `the installed Go is new enough for it and that a Go module proxy is reachable. Its last lines:\n  ${lines.join('\n  ')}`,
    );
  }
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}
