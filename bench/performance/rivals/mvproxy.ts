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

export interface MvproxyOptions extends RivalOptions {
  /** Default: the program's own. */
  readonly engine?: Engine;
  /** Before the program. */
  readonly nodeArgs?: readonly string[];
  readonly flags?: Readonly<Record<string, string>>;
}

/** A real `mvproxy serve` as sidecar of the preferred server, with its default limits and its metrics. */
export class MvproxyProcess extends RivalProcess {
  readonly #options: MvproxyOptions;

  constructor(name: Engine, options: MvproxyOptions, port: number) {
    super(name, options, port);
    this.#options = options;
  }

  protected override launch(): Launch {
    const { pki, backends, engine, nodeArgs = [], flags: more } = this.#options;
    const flags: Record<string, string> = {
      ...serveFlags(pki),
      'secure-port': String(this.port),
      'admin-port': '0',
      ...(engine === undefined ? {} : { 'http2-engine': engine }),
      ...more,
    };
    const servers = [`--local-server=${backends.preferred}`];
    if (backends.other !== undefined) servers.push(`--server=other=${backends.other.url}`);
    const args = [...Object.entries(flags).map(([name, value]) => `--${name}=${value}`), ...servers];
    return { command: process.execPath, args: [...nodeArgs, PROGRAM, 'serve', ...args] };
  }
}
