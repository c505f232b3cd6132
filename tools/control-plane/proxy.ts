import { fileURLToPath } from 'node:url';
import type { ControlPlane } from '../../src/lab/control-plane/control-plane.ts';
import { commandLine, type FlagChanges, type Flags } from '../../src/lab/control-plane/flags.ts';
import { type Launch, type ProcessContext, ServerProcess } from '../../src/lab/control-plane/server-process.ts';
import { serveFlags } from '../../src/lab/pki/serve-flags.ts';
import { freePort } from '../../src/wire/free-port.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/mvproxy.ts', import.meta.url));
const READY_LINE = /^mvproxy ready: serving (https:\/\/[^\s,]+), admin (https?:\/\/[^\s,]+)/;

export interface ProxyOptions extends FlagChanges {
  /** Default: `proxy`; also the name of its log file. */
  readonly name?: string;
  /** Servers in front of which it runs, as name and URL. Default: all of the control plane. */
  readonly servers?: readonly { readonly name: string; readonly url: string }[];
}

interface ProxyPorts {
  readonly secure: number;
  readonly admin: number;
}

/** A real `mvproxy serve` that keeps its addresses over restarts (unless `--secure-port=0` asks for new ones). */
export class ProxyProcess extends ServerProcess {
  readonly #controlPlane: ControlPlane;
  readonly #options: ProxyOptions;
  readonly #ports: ProxyPorts;
  #addresses: { readonly url: string; readonly adminUrl: string } | undefined;
  #ready = false;

  constructor(context: ProcessContext, controlPlane: ControlPlane, options: ProxyOptions, ports: ProxyPorts) {
    super(context);
    this.#ports = ports;
    this.#controlPlane = controlPlane;
    this.#options = options;
  }

  /** Where clients connect. Known once it has been ready. */
  get url(): string {
    return this.#addresses?.url ?? '';
  }

  /** The admin listener. Known once it has been ready. */
  get adminUrl(): string {
    return this.#addresses?.adminUrl ?? '';
  }

  protected override get readsOutput(): boolean {
    return true;
  }

  protected override launch(): Launch {
    this.#ready = false;
    return { command: process.execPath, args: [PROGRAM, 'serve', ...commandLine(this.#flags(), this.#options)] };
  }

  protected override onOutput(line: string): void {
    const [, url, adminUrl] = READY_LINE.exec(line) ?? [];
    if (url === undefined || adminUrl === undefined) return;
    this.#addresses = { url, adminUrl };
    this.#ready = true;
  }

  protected override async isReady(): Promise<boolean> {
    return this.#ready;
  }

  #flags(): Flags {
    const { pki, servers } = this.#controlPlane;
    return {
      ...serveFlags(pki),
      'secure-port': String(this.#ports.secure),
      server: (this.#options.servers ?? servers).map(({ name, url }) => `${name}=${url}`),
      'admin-bind-address': '127.0.0.1',
      'admin-port': String(this.#ports.admin),
    };
  }
}

/** Starts a proxy in front of the control plane, which stops it with everything else. */
export async function startProxy(controlPlane: ControlPlane, options: ProxyOptions = {}): Promise<ProxyProcess> {
  const context = controlPlane.processContext(options.name ?? 'proxy');
  // Chosen here, not by port 0: a port the system chooses may be lent to an outgoing connection before a restart.
  const ports = { secure: await freePort(), admin: await freePort() };
  const proxy = controlPlane.adopt(new ProxyProcess(context, controlPlane, options, ports));
  await proxy.start();
  return proxy;
}
