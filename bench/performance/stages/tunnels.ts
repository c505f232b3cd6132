import { fileURLToPath } from 'node:url';
import { type Launch, type ProcessContext, ServerProcess } from '../../../src/lab/control-plane/server-process.ts';
import type { Pki } from '../../../src/lab/pki/pki.ts';
import type { StageServer } from './fast-stage.ts';

const PROGRAM = fileURLToPath(new URL('./tunnel-server.ts', import.meta.url));

class TunnelServer extends ServerProcess {
  url = '';
  readonly #options: string;

  constructor(context: ProcessContext, options: string) {
    super(context);
    this.#options = options;
  }

  protected override get readsOutput(): boolean {
    return true;
  }

  protected override launch(): Launch {
    return { command: process.execPath, args: [PROGRAM, this.#options] };
  }

  protected override onOutput(line: string): void {
    this.url = line;
  }

  protected override async isReady(): Promise<boolean> {
    return this.url !== '';
  }
}

/** A server that switches protocols and then sends or takes bytes. */
export async function tunnels(context: ProcessContext, _directory: string, pki: Pki): Promise<StageServer> {
  const { cert, key } = await pki.serving('tunnels', '127.0.0.1');
  const process = new TunnelServer(context, JSON.stringify({ cert, key }));
  return {
    process,
    get url() {
      return process.url;
    },
  };
}
