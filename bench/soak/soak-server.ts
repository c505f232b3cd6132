import { fileURLToPath } from 'node:url';
import { type Launch, type ProcessContext, ServerProcess } from '../../src/lab/control-plane/server-process.ts';
import type { Pki } from '../../src/lab/pki/pki.ts';
import { freePort } from '../../src/wire/free-port.ts';
import { apiRequest } from '../../test/real/support/api-request.ts';
import type { Order } from './server/misbehaviour.ts';
import type { SoakServerOptions } from './server/program.ts';

const PROGRAM = fileURLToPath(new URL('./server/program.ts', import.meta.url));
const ORDER_TIMEOUT_MS = 5_000;

/** A server that can be killed, frozen and ordered to misbehave, in a process of its own. */
export class SoakServer extends ServerProcess {
  readonly options: SoakServerOptions;
  #isListening = false;

  private constructor(context: ProcessContext, options: SoakServerOptions) {
    super(context);
    this.options = options;
  }

  static async create(
    context: ProcessContext,
    pki: Pki,
    options: Pick<SoakServerOptions, 'name' | 'version' | 'engine' | 'commitFile'>,
  ): Promise<SoakServer> {
    const { cert, key } = await pki.serving(options.name, '127.0.0.1');
    return new SoakServer(context, { ...options, cert, key, port: await freePort(), controlPort: await freePort() });
  }

  get url(): string {
    return `https://127.0.0.1:${this.options.port}`;
  }

  async order(order: Order): Promise<void> {
    const url = `http://127.0.0.1:${this.options.controlPort}/`;
    await apiRequest(url, { method: 'POST', body: order, timeoutMs: ORDER_TIMEOUT_MS });
  }

  protected override get readsOutput(): boolean {
    return true;
  }

  protected override launch(): Launch {
    this.#isListening = false;
    return { command: process.execPath, args: [PROGRAM, JSON.stringify(this.options)] };
  }

  protected override onOutput(line: string): void {
    if (line === 'ready') this.#isListening = true;
  }

  protected override async isReady(): Promise<boolean> {
    return this.#isListening;
  }
}
