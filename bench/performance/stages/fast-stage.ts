import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Reaper } from '../../../src/lab/control-plane/reaper.ts';
import type { ProcessContext, ServerProcess } from '../../../src/lab/control-plane/server-process.ts';
import { createPki, type Pki } from '../../../src/lab/pki/pki.ts';
import type { ProcessName } from '../results.ts';
import type { Backends } from '../rivals/rival.ts';
import { pidOf, type Stage } from './stage.ts';

/** Makes the server of a stage, at `url`, which it is to serve with `pki`. */
export type ServerMaker = (context: ProcessContext, directory: string, pki: Pki) => Promise<StageServer>;

export interface StageServer {
  readonly process: ServerProcess;
  readonly url: string;
}

/** One server that is no kube-apiserver: it costs so little that the proxy is what is measured. */
export class FastStage implements Stage, AsyncDisposable {
  readonly directory: string;
  readonly pki: Pki;
  readonly #reaper: Reaper;
  readonly #server: StageServer;

  private constructor(directory: string, pki: Pki, reaper: Reaper, server: StageServer) {
    this.directory = directory;
    this.pki = pki;
    this.#reaper = reaper;
    this.#server = server;
  }

  static async start(make: ServerMaker): Promise<FastStage> {
    const directory = await mkdtemp(join(tmpdir(), 'mvproxy-performance-'));
    const reaper = new Reaper(directory);
    const pki = await createPki(join(directory, 'pki'));
    const server = await make(contextIn(directory, reaper, 'server'), directory, pki);
    await server.process.start();
    return new FastStage(directory, pki, reaper, server);
  }

  get backends(): Backends {
    return { preferred: this.#server.url, other: undefined };
  }

  get behind(): Readonly<Partial<Record<ProcessName, number>>> {
    return { preferred: pidOf(this.#server.process) };
  }

  processContext(name: string): ProcessContext {
    return contextIn(this.directory, this.#reaper, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.process.kill();
    await rm(this.directory, { recursive: true, force: true });
    this.#reaper.close();
  }
}

function contextIn(directory: string, reaper: Reaper, name: string): ProcessContext {
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  return { name, logFile: join(directory, `${name}.log`), reaper, report };
}
