import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SOURCE = fileURLToPath(new URL('client-go', import.meta.url));
const POLL_MS = 20;

export type Mode = 'aggregated' | 'legacy';
export const MODES: readonly Mode[] = ['aggregated', 'legacy'];

const CALLS = ['ServerGroupsAndResources', 'ServerPreferredResources', 'RESTMapping'] as const;

/** One call of client-go's discovery, as the program beside this file prints it. */
export interface Look {
  readonly mode: Mode;
  readonly call: (typeof CALLS)[number];
  /** What a mapping was asked for, as KIND.VERSION.GROUP. */
  readonly kind?: string;
  /** `Date.now()` of beginning and end. */
  readonly started: number;
  readonly ended: number;
  /** Of a call that found nothing. */
  readonly error?: string;
  /** Why a group-version could not be read, by group-version. */
  readonly failed?: Readonly<Record<string, string>>;
  /** Number of group-versions read. */
  readonly read: number;
  /** The group-versions that groups name. */
  readonly named?: readonly string[];
}

/** Builds the program into `directory` and returns its path. */
export async function buildLooks(directory: string): Promise<string> {
  const program = join(directory, 'looks');
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' };
  await promisify(execFile)('go', ['build', '-trimpath', '-o', program, '.'], { cwd: SOURCE, env });
  return program;
}

/** client-go discovering without end, aggregated and legacy at the same time. */
export class Looks {
  readonly all: Look[] = [];
  readonly #child;
  readonly #ended: Promise<void>;
  #failure = '';

  /** `kinds`: to be mapped, as KIND.VERSION.GROUP. */
  constructor(program: string, kubeconfig: string, kinds: readonly string[]) {
    const args = ['--kubeconfig', kubeconfig, '--kinds', kinds.join()];
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#failure = `the discovering program ended (${code ?? signal})`;
        resolve();
      });
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.all.push(JSON.parse(line)));
  }

  /** Resolves when every call, in each mode, has been made from its beginning to its end since now. */
  async round(): Promise<void> {
    const from = Date.now();
    const isMade = (mode: Mode, call: Look['call']): boolean =>
      this.all.some((look) => look.mode === mode && look.call === call && look.started > from);
    while (!MODES.every((mode) => CALLS.every((call) => isMade(mode, call)))) {
      if (this.#failure !== '') throw new Error(this.#failure);
      await delay(POLL_MS);
    }
  }

  async stop(): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}
