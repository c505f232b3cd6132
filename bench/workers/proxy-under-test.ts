import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Pki } from '../../src/lab/pki/pki.ts';
import { serveFlags } from '../../src/lab/pki/serve-flags.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/mvproxy.ts', import.meta.url));
/** USER_HZ, which Linux fixes for /proc. */
const TICK_MS = 10;

/** `mvproxy serve` with so many workers, and what its processes use. */
export class ProxyUnderTest {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #workers: readonly number[];

  private constructor(url: string, child: ChildProcess, workers: readonly number[]) {
    this.url = url;
    this.#child = child;
    this.#workers = workers;
  }

  static async start(
    pki: Pki,
    servers: readonly { readonly name: string; readonly url: string }[],
    workers: number,
  ): Promise<ProxyUnderTest> {
    const flags = { ...serveFlags(pki), 'secure-port': '0', 'admin-port': '0', workers: String(workers) };
    const args = [
      ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      ...servers.map(({ name, url }) => `--server=${name}=${url}`),
    ];
    const child = spawn(process.execPath, [PROGRAM, 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const pids: number[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      const pid = /"pid":(\d+),"message":"a worker was started"/.exec(line)?.[1];
      if (pid !== undefined) pids.push(Number(pid));
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const url = /serving ([^\s,]+)/.exec(line)?.[1];
    if (url === undefined) throw new Error(`no ready line: ${line}`);
    return new ProxyUnderTest(url, child, pids);
  }

  /** Processor time of the processes that serve requests, in milliseconds, each. */
  get workerMs(): readonly number[] {
    return this.#serving.map(processorMs);
  }

  /** Of the supervisor; 0 without one. */
  get supervisorMs(): number {
    return this.#workers.length === 0 ? 0 : processorMs(this.#pid);
  }

  /** Resident memory of the processes that serve requests, and of the supervisor if there is one, in MB. */
  get residentMB(): readonly number[] {
    return (this.#workers.length === 0 ? [this.#pid] : [...this.#workers, this.#pid]).map(residentMB);
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  get #serving(): readonly number[] {
    return this.#workers.length === 0 ? [this.#pid] : this.#workers;
  }

  get #pid(): number {
    return this.#child.pid ?? 0;
  }
}

function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function residentMB(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
}
