import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** How one run ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** kubectl of one release against one endpoint. Every run has a discovery cache of its own and profits from no other. */
export class Kubectl {
  readonly #program: string;
  readonly #kubeconfig: string;
  readonly #directory: string;

  /** `directory`: where caches are made. */
  constructor(program: string, kubeconfig: string, directory: string) {
    this.#program = program;
    this.#kubeconfig = kubeconfig;
    this.#directory = directory;
  }

  /** Never rejects for a failure of kubectl. `input` goes to standard input, as JSON. */
  async run(args: readonly string[], input?: object): Promise<Ran> {
    const env = await this.#environment();
    return new Promise((resolve) => {
      const child = execFile(this.#program, args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      });
      child.stdin?.end(input === undefined ? '' : JSON.stringify(input));
    });
  }

  /** Starts a run that does not end by itself, such as a watch; `onLine` gets its output. */
  async start(args: readonly string[], onLine: (line: string) => void): Promise<ChildProcess> {
    const child = spawn(this.#program, args, { env: await this.#environment(), stdio: ['ignore', 'pipe', 'ignore'] });
    createInterface({ input: child.stdout }).on('line', onLine);
    return child;
  }

  async #environment(): Promise<NodeJS.ProcessEnv> {
    const cache = await mkdtemp(join(this.#directory, 'cache-'));
    return { ...process.env, KUBECONFIG: this.#kubeconfig, KUBECACHEDIR: cache, HOME: cache };
  }
}

/** A program beside `gcloud`, whose SDK brings kubectl of many releases; `undefined` where it is not installed. */
export async function findSdkProgram(name: string): Promise<string | undefined> {
  const { PATH = '' } = process.env;
  for (const directory of PATH.split(delimiter)) {
    const gcloud = await realpath(join(directory, 'gcloud')).catch(() => undefined);
    if (gcloud === undefined) continue;
    const program = join(dirname(gcloud), name);
    const found = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return program;
  }
  return undefined;
}
