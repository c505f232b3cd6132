import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Launch } from '../../../src/lab/control-plane/server-process.ts';
import { serveFlags } from '../../../src/lab/pki/serve-flags.ts';
import { type RivalOptions, RivalProcess } from './rival-process.ts';

const PROGRAM = fileURLToPath(new URL('../../../bin/mvproxy.ts', import.meta.url));

export type Engine = 'own' | 'node';

/** Whether the program can be told which HTTP/2 engine to use. */
export async function canChooseEngine(): Promise<boolean> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, 'serve', '--help']);
  return stdout.includes('--http2-engine');
}

/** A real `mvproxy serve` as sidecar of the preferred server, with its default limits and its metrics. */
export class MvproxyProcess extends RivalProcess {
  readonly #engine: Engine | undefined;
  readonly #nodeArgs: readonly string[];

  /** `engine` undefined: the program's default; `nodeArgs` go before the program. */
  constructor(
    name: Engine,
    options: RivalOptions,
    port: number,
    engine: Engine | undefined,
    nodeArgs: readonly string[] = [],
  ) {
    super(name, options, port);
    this.#engine = engine;
    this.#nodeArgs = nodeArgs;
  }

  protected override launch(): Launch {
    const { pki, backends } = this.options;
    const flags: Record<string, string> = { ...serveFlags(pki), 'secure-port': String(this.port), 'admin-port': '0' };
    if (this.#engine !== undefined) flags['http2-engine'] = this.#engine;
    const servers = [`--local-server=${backends.preferred}`];
    if (backends.other !== undefined) servers.push(`--server=other=${backends.other.url}`);
    const args = [...Object.entries(flags).map(([name, value]) => `--${name}=${value}`), ...servers];
    return { command: process.execPath, args: [...this.#nodeArgs, PROGRAM, 'serve', ...args] };
  }
}
