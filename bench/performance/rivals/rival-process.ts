import { requestOnce } from '../../../src/lab/control-plane/request-once.ts';
import { type ProcessContext, ServerProcess } from '../../../src/lab/control-plane/server-process.ts';
import type { Pki } from '../../../src/lab/pki/pki.ts';
import type { Backends, Rival, RivalName } from './rival.ts';

/** What a proxy of a bench is made of. */
export interface RivalOptions {
  readonly context: ProcessContext;
  /** For files of its own. */
  readonly directory: string;
  readonly pki: Pki;
  readonly backends: Backends;
}

/** A proxy in a process of its own, ready when `/readyz` is answered through it. */
export abstract class RivalProcess extends ServerProcess {
  readonly rival: RivalName;
  readonly port: number;
  protected readonly options: RivalOptions;

  constructor(rival: RivalName, options: RivalOptions, port: number) {
    super(options.context);
    this.rival = rival;
    this.options = options;
    this.port = port;
  }

  get asRival(): Rival {
    if (this.state.state !== 'running')
      throw new Error(`${this.name} does not run (${this.state.state}), see ${this.logFile}`);
    return { name: this.rival, url: `https://127.0.0.1:${this.port}`, pid: this.state.pid };
  }

  protected override async isReady(): Promise<boolean> {
    const { pki } = this.options;
    const request = { ca: pki.servingCa.cert, timeoutMs: 2_000 };
    const answer = await requestOnce(`https://127.0.0.1:${this.port}/readyz`, request).catch(() => undefined);
    return answer?.status === 200;
  }
}
