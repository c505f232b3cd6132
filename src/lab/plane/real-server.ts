import { setTimeout as delay } from 'node:timers/promises';
import type { KubeApiserver } from '../control-plane/kube-apiserver.ts';
import type { ProgramFinder } from '../control-plane/programs.ts';
import type { LabServer, LabServerState } from './lab-server.ts';

/** What is being done to the process; its own state says the rest. */
type Transition = { readonly kind: 'starting'; readonly given: AbortController } | { readonly kind: 'draining' };

/** A real kube-apiserver as a server of a lab. */
export class RealServer implements LabServer {
  readonly #server: KubeApiserver;
  readonly #programs: ProgramFinder;
  #transition: Transition | undefined;

  constructor(server: KubeApiserver, programs: ProgramFinder) {
    this.#server = server;
    this.#programs = programs;
  }

  get name(): string {
    return this.#server.name;
  }

  get version(): string {
    return this.#server.version;
  }

  get url(): string {
    return this.#server.url;
  }

  get state(): LabServerState {
    const { state } = this.#server.state;
    if (state === 'paused') return 'hung';
    if (this.#transition !== undefined) return this.#transition.kind;
    return state === 'running' ? 'ready' : 'stopped';
  }

  /** The process is started only after `delayMs`: until then its port refuses connections. */
  async start({ version, delayMs = 0 }: { readonly version?: string; readonly delayMs?: number } = {}): Promise<void> {
    if (this.state !== 'stopped') throw new Error(`${this.name} is ${this.state}; stop it before starting it.`);
    const given = new AbortController();
    const starting: Transition = { kind: 'starting', given };
    this.#transition = starting;
    try {
      if (version !== undefined) {
        await this.#programs('kube-apiserver', version);
        this.#server.change({ version });
      }
      await delay(delayMs, undefined, { signal: given.signal });
      await this.#server.start();
    } catch (error) {
      // Stopped or killed meanwhile: whoever did that knows.
      if (!given.signal.aborted) throw error;
    } finally {
      if (this.#transition === starting) this.#transition = undefined;
    }
  }

  async stop(): Promise<void> {
    const draining: Transition = { kind: 'draining' };
    this.#leave(draining);
    await this.#server.stop();
    if (this.#transition === draining) this.#transition = undefined;
  }

  async kill(): Promise<void> {
    this.#leave(undefined);
    await this.#server.kill();
  }

  hang(): void {
    if (this.state === 'ready') this.#server.pause();
  }

  resume(): void {
    this.#server.resume();
  }

  #leave(next: Transition | undefined): void {
    if (this.#transition?.kind === 'starting') this.#transition.given.abort();
    this.#transition = next;
  }
}
