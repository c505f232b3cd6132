import { readdir, readFile, readlink } from 'node:fs/promises';
import { apiRequest } from '../../test/real/support/api-request.ts';

/** What the proxy's process holds at one moment. */
export interface ProxySample {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly residentMiB: number;
  /** Bytes of JavaScript objects right after a garbage collection, and of the buffers they hold. */
  readonly heapMiB: number;
  readonly buffersMiB: number;
  readonly sockets: number;
  /** File descriptors of any kind. */
  readonly files: number;
  /** Requests open with servers, watches included. */
  readonly exchanges: number;
}

const MIB = 2 ** 20;

/** Looks into a running proxy, through /proc, its metrics and its inspector. */
export class ProxyProbe {
  readonly #pid: number;
  readonly #adminUrl: string;
  readonly #inspector: Inspector;

  private constructor(pid: number, adminUrl: string, inspector: Inspector) {
    this.#pid = pid;
    this.#adminUrl = adminUrl;
    this.#inspector = inspector;
  }

  /** `inspectorPort`: what the process was started with as `--inspect`. */
  static async attach(pid: number, adminUrl: string, inspectorPort: number): Promise<ProxyProbe> {
    return new ProxyProbe(pid, adminUrl, await Inspector.attach(inspectorPort));
  }

  /** Collects garbage first. */
  async sample(at: number): Promise<ProxySample> {
    const heap = await this.#inspector.heapAfterCollection();
    const [status, files, metrics] = await Promise.all([
      readFile(`/proc/${this.#pid}/status`, 'utf8'),
      this.#files(),
      apiRequest(`${this.#adminUrl}/metrics`),
    ]);
    return {
      at,
      residentMiB: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024,
      heapMiB: heap.usedSize / MIB,
      buffersMiB: heap.backingStorageSize / MIB,
      sockets: files.filter((target) => target.startsWith('socket:')).length,
      files: files.length,
      exchanges: sumOf(metrics.body, 'mvproxy_open_exchanges'),
    };
  }

  close(): void {
    this.#inspector.close();
  }

  async #files(): Promise<string[]> {
    const directory = `/proc/${this.#pid}/fd`;
    const names = await readdir(directory);
    return Promise.all(names.map((name) => readlink(`${directory}/${name}`).catch(() => '')));
  }
}

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

/** The few commands of the Chrome DevTools Protocol that are needed here. */
class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const { id, result }: { id?: number; result?: unknown } = JSON.parse(String(data));
      if (id === undefined) return;
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  static async attach(port: number): Promise<Inspector> {
    const { body } = await apiRequest(`http://127.0.0.1:${port}/json/list`);
    const [target]: { webSocketDebuggerUrl: string }[] = JSON.parse(body);
    if (target === undefined) throw new Error('the proxy has no inspector');
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error('the inspector cannot be reached')), { once: true });
    });
    return new Inspector(socket);
  }

  async heapAfterCollection(): Promise<HeapUsage> {
    await this.#send('HeapProfiler.collectGarbage');
    return (await this.#send('Runtime.getHeapUsage')) as HeapUsage;
  }

  close(): void {
    this.#socket.close();
  }

  #send(method: string): Promise<unknown> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, resolve);
    this.#socket.send(JSON.stringify({ id, method }));
    return promise;
  }
}

function sumOf(metrics: string, name: string): number {
  const samples = metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
  return Array.from(samples).reduce((sum, [, value]) => sum + Number(value), 0);
}
