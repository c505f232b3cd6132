import { readFile } from 'node:fs/promises';
import { apiRequest } from '../../test/real/support/api-request.ts';
import { processorMs } from '../performance/rivals/process-usage.ts';
import { MIB } from './content.ts';

/** What the proxy's process uses at one moment, as it is found: nobody collects garbage before. */
export interface GaugeSample {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
  /** Memory outside of the heap that JavaScript objects hold, buffers above all. */
  readonly externalMiB: number;
  /** Requests open with servers, watches included. */
  readonly exchanges: number;
  readonly clientSockets: number;
  readonly serverSockets: number;
  /** Of one processor, since the sample before. */
  readonly processor: number;
}

/** Connections that are up, or half up (`/proc/net/tcp`). */
const LIVING = new Set(['01', '04', '05', '08']);

export interface ProxyGaugeOptions {
  readonly pid: number;
  readonly adminUrl: string;
  readonly securePort: number;
  readonly serverPorts: readonly number[];
}

/** Reads what a proxy uses from its metrics and from /proc. Linux only. */
export class ProxyGauge {
  readonly #options: ProxyGaugeOptions;
  #last: { readonly at: number; readonly processorMs: number };

  constructor(options: ProxyGaugeOptions) {
    this.#options = options;
    this.#last = { at: performance.now(), processorMs: processorMs(options.pid) };
  }

  async sample(at: number): Promise<GaugeSample> {
    const { pid, adminUrl } = this.#options;
    const now = { at: performance.now(), processorMs: processorMs(pid) };
    const processor = (now.processorMs - this.#last.processorMs) / Math.max(1, now.at - this.#last.at);
    this.#last = now;
    const [{ body }, sockets] = await Promise.all([apiRequest(`${adminUrl}/metrics`), this.sockets()]);
    return {
      at,
      residentMiB: memoryOf(body, 'process_resident_memory_bytes') / MIB,
      heapMiB: memoryOf(body, 'nodejs_heap_size_used_bytes') / MIB,
      externalMiB: memoryOf(body, 'nodejs_external_memory_bytes') / MIB,
      exchanges: sumOf(body, 'mvproxy_open_exchanges'),
      clientSockets: sockets.clients,
      serverSockets: sockets.servers,
      processor,
    };
  }

  /** Requests open, by the server that they are open with; where there are none the server is left out. */
  async exchanges(): Promise<ReadonlyMap<string, number>> {
    const { body } = await apiRequest(`${this.#options.adminUrl}/metrics`);
    const found = body.matchAll(/^mvproxy_open_exchanges\{server="([^"]*)"\} (\S+)$/gm);
    return new Map(
      Array.from(found, ([, server = '', count]) => [server, Number(count)] as const).filter(([, n]) => n > 0),
    );
  }

  /** The proxy's ends of its connections. */
  async sockets(): Promise<{ readonly clients: number; readonly servers: number }> {
    const { pid, securePort, serverPorts } = this.#options;
    const text = await readFile(`/proc/${pid}/net/tcp`, 'utf8');
    let clients = 0;
    let servers = 0;
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', remote = '', state = ''] = line.trim().split(/\s+/);
      if (!LIVING.has(state)) continue;
      if (portOf(local) === securePort) clients += 1;
      if (serverPorts.includes(portOf(remote))) servers += 1;
    }
    return { clients, servers };
  }
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}

/** A process without memory would be flat. */
function memoryOf(metrics: string, name: string): number {
  const bytes = sumOf(metrics, name);
  if (bytes > 0) return bytes;
  throw new Error(`${name} is 0 or missing in /metrics, so that nothing can be said of the proxy's memory`);
}

function sumOf(metrics: string, name: string): number {
  const samples = metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
  return Array.from(samples).reduce((sum, [, value]) => sum + Number(value), 0);
}
