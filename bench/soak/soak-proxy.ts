import { fileURLToPath } from 'node:url';
import { type Launch, type ProcessContext, ServerProcess } from '../../src/lab/control-plane/server-process.ts';
import type { Pki } from '../../src/lab/pki/pki.ts';
import { serveFlags } from '../../src/lab/pki/serve-flags.ts';
import type { EngineName } from '../../src/wire/engine-name.ts';
import { freePort } from '../../src/wire/free-port.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/mvproxy.ts', import.meta.url));
const READY_LINE = /^mvproxy ready: serving (https:\/\/[^\s,]+), admin (http:\/\/[^\s,]+)/;

interface Ports {
  readonly secure: number;
  readonly admin: number;
  /** Of its inspector, through which garbage is collected before its memory is measured at rest. */
  readonly inspector: number;
}

export interface SoakProxyOptions {
  readonly pki: Pki;
  readonly engine: EngineName;
  readonly servers: readonly { readonly name: string; readonly url: string }[];
}

/** A real `mvproxy serve` as gateway, with its default limits. */
export class SoakProxy extends ServerProcess {
  readonly ports: Ports;
  readonly #options: SoakProxyOptions;
  #isServing = false;

  private constructor(context: ProcessContext, options: SoakProxyOptions, ports: Ports) {
    super(context);
    this.#options = options;
    this.ports = ports;
  }

  static async create(context: ProcessContext, options: SoakProxyOptions): Promise<SoakProxy> {
    const ports = { secure: await freePort(), admin: await freePort(), inspector: await freePort() };
    return new SoakProxy(context, options, ports);
  }

  get url(): string {
    return `https://127.0.0.1:${this.ports.secure}`;
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.ports.admin}`;
  }

  /** Throws when it does not run. */
  get pid(): number {
    if (this.state.state !== 'running')
      throw new Error(`the proxy does not run (${this.state.state}), see ${this.logFile}`);
    return this.state.pid;
  }

  protected override get readsOutput(): boolean {
    return true;
  }

  protected override launch(): Launch {
    const { pki, engine, servers } = this.#options;
    const flags: Record<string, string> = {
      ...serveFlags(pki),
      'secure-port': String(this.ports.secure),
      'admin-port': String(this.ports.admin),
      'http2-engine': engine,
    };
    const args = [
      ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      ...servers.map(({ name, url }) => `--server=${name}=${url}`),
    ];
    return {
      command: process.execPath,
      args: [`--inspect=127.0.0.1:${this.ports.inspector}`, PROGRAM, 'serve', ...args],
    };
  }

  protected override onOutput(line: string): void {
    if (READY_LINE.test(line)) this.#isServing = true;
  }

  protected override async isReady(): Promise<boolean> {
    return this.#isServing;
  }
}
